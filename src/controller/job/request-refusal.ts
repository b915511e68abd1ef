// Why a job request in Git is not carried out, for the list of problems.

export interface RequestRefusal {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}
