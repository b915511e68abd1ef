// What stops a test cluster from starting or ending. Not a CodedError: its codes are not published by the controller.

export class SetupError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SetupError';
    this.code = code;
  }
}
