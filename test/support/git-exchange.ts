// A request to the Git server and its answer.

/** One request that the server saw. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly service: 'git-upload-pack' | 'git-receive-pack' | 'other';
  readonly authorization: string | undefined;
  /** When it arrived, by performance.now(). */
  readonly at: number;
  /** When its answer had been handed over completely; 0 until then. */
  endedAt: number;
  /** Bytes of the request body. */
  received: number;
  /** Bytes of the response body. */
  sent: number;
  status: number;
}

/** What `git http-backend` answered, or undefined members while nothing was run. */
export interface CgiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
