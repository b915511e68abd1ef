// The codes of all errors that I/O can end with. `codeOf` returns one of these names and nothing else: a comparison
// with a code that is not listed does not compile. The names are published in statuses and results.

import { defineCodes } from './codes.ts';

const REPORT = 'Report the message together with the log of the controller.';
const RETRIED = 'None: the request is sent again after a pause.';
const STORE = 'None: the next fetch starts a new store.';

/** What talking to a Git server, or reading the objects it sent, can end with. */
export const GIT_CODES = defineCodes({
  AUTHENTICATION_FAILED: {
    meaning: 'The Git server does not accept the user or the token (HTTP 401).',
    action: 'Check the user, the token and its expiry.',
  },
  ACCESS_DENIED: {
    meaning: 'The credentials may not read the repository (HTTP 403).',
    action: 'Give the token read access to the repository.',
  },
  READ_ONLY: {
    meaning: 'The credentials may read the repository but not push to it.',
    action: 'Give the token write access to the contents of the repository.',
  },
  REPOSITORY_NOT_FOUND: {
    meaning: 'There is no repository at this URL or folder, or the credentials do not show it.',
    action: 'Check the URL; a private repository also looks absent to unknown credentials.',
  },
  RATE_LIMITED: { meaning: 'The Git server limits the number of requests.', action: RETRIED },
  SERVER_ERROR: { meaning: 'The Git server failed (HTTP 5xx).', action: RETRIED },
  REMOTE_REFUSED: {
    meaning: 'The Git server refused the request with a message of its own.',
    action: 'Read the message, and the log of the Git server.',
  },
  NOT_A_GIT_SERVER: {
    meaning: 'The answer does not follow the Git protocol.',
    action: 'Check the repository URL; dumb HTTP is not supported.',
  },
  REDIRECT_REFUSED: {
    meaning: 'The server redirects to another host or to plain HTTP, which would disclose the token.',
    action: 'Set the repository URL to the final address.',
  },
  TIMEOUT: { meaning: 'No complete answer came within the time limit.', action: RETRIED },
  CANCELLED: { meaning: 'The request was cancelled because the controller stops.', action: 'None.' },
  NETWORK_FAILED: {
    meaning: 'The connection to the Git server failed.',
    action: 'Check the host name, the network policy and the proxy variables; the request is sent again.',
  },
  TLS_FAILED: {
    meaning: 'The certificate of the Git server is not accepted.',
    action: 'Check the certificate and the CA option.',
  },
  TOO_LARGE: {
    meaning: 'The repository or the answer is larger than the limit.',
    action:
      'Do what the message says: remove large files from the history, delete branches and tags, or use a repository of its own for the fleet.',
  },
  TRANSFER_INCOMPLETE: { meaning: 'The server ended the transfer early or sent damaged objects.', action: RETRIED },
  BRANCH_MISSING: {
    meaning: 'The branch, tag or commit does not exist.',
    action: 'Push the branch, or correct its name.',
  },
  EMPTY_REPOSITORY: { meaning: 'The repository has no commit.', action: 'Push the first commit.' },
  BAD_BRANCH_NAME: { meaning: 'The name is not a valid branch name.', action: 'Correct the name.' },
  BAD_PATH: { meaning: 'The path cannot be written to a branch.', action: REPORT },
  UNSUPPORTED_URL: {
    meaning: 'The repository URL has a scheme or form that is not supported.',
    action: 'Use `https://host/owner/name`.',
  },
  UNSUPPORTED_OBJECT_FORMAT: {
    meaning: 'The repository uses SHA-256 object names.',
    action: 'Use a repository with SHA-1 object names.',
  },
  PUSH_REJECTED: { meaning: 'The branch moved during the push.', action: 'None: the push is repeated on the new tip.' },
  PUSH_DECLINED: {
    meaning: 'A hook or a protection rule of the server refused the push.',
    action: 'Allow the controller to push to its status branch.',
  },
  FILE_TOO_LARGE: {
    meaning: 'A file is larger than the limit for files of the fleet.',
    action: 'Make the file smaller, or move it out of the folders of the fleet.',
  },
  TOO_MANY_FILES: {
    meaning: 'The commit has more files and folders than the limit.',
    action: 'Use a repository of its own for the fleet.',
  },
  OBJECT_MISSING: { meaning: 'The store lacks an object of the commit.', action: STORE },
  STORE_CORRUPT: { meaning: 'The Git store on disk is damaged.', action: STORE },
  DISK_FULL: { meaning: 'The volume of the Git store is full.', action: 'Enlarge the volume.' },
  FAILED: { meaning: 'A Git operation failed for a reason that has no code.', action: REPORT },
});

/** What a request to the API server can end with. */
export const KUBE_CODES = defineCodes({
  NOT_FOUND: { meaning: 'The object or its namespace does not exist.', action: 'Create it, or correct the name.' },
  NOT_SERVED: {
    meaning: 'The API server does not serve the kind.',
    action: 'Install its CustomResourceDefinition.',
  },
  CONFLICT: {
    meaning: 'The object changed in between, or another field manager owns fields of the apply.',
    action: 'None for a changed object. For an owned field, let only one manager set it.',
  },
  ALREADY_EXISTS: { meaning: 'An object of this name exists.', action: 'None, or choose another name.' },
  FORBIDDEN: {
    meaning: 'RBAC, a quota or an admission rule denies the request.',
    action: 'Grant the permission that the message names, or change the object.',
  },
  UNAUTHORIZED: { meaning: 'The API server does not accept the credentials.', action: 'Renew the credentials.' },
  INVALID: {
    meaning: 'The object or the request is wrong (HTTP 400, 422).',
    action: 'Correct the field in the message.',
  },
  GONE: { meaning: 'A resource version or a page token is too old.', action: 'None: the list is read again.' },
  TOO_MANY_REQUESTS: { meaning: 'The API server limits the number of requests.', action: RETRIED },
  TOO_LARGE: {
    meaning: 'The answer is larger than the limit.',
    action: 'Remove large data from the object that the message names.',
  },
  TIMEOUT: { meaning: 'No complete answer came within the time limit.', action: RETRIED },
  NETWORK: { meaning: 'The API server cannot be reached.', action: 'Check the address and the network.' },
  SERVER: { meaning: 'The API server failed (HTTP 5xx).', action: RETRIED },
  CONFIG: {
    meaning: 'The kubeconfig cannot be used, or a kind is unknown to this program.',
    action: 'Correct what the message names.',
  },
  ABORTED: { meaning: 'The request was cancelled because the program stops.', action: 'None.' },
  UNEXPECTED: {
    meaning: 'The answer is not one that an API server gives.',
    action: 'Check whether a proxy answers in its place.',
  },
});

/** What the task of a job in a worker pod can end with. */
export const TASK_CODES = defineCodes({
  BadParameters: { meaning: 'The parameters of the task are wrong.', action: REPORT },
  SourceMissing: {
    meaning: 'The data to copy does not exist.',
    action: 'Check the PVC and the path that the message names.',
  },
  EmptyBackup: {
    meaning: 'The copy holds no database of the chain: it has no files, no bytes or none of the expected files.',
    action: 'Check that the node has synchronized once and that its volumes hold the data, then add a new request.',
  },
  UnsafePath: {
    meaning: 'A path leaves its volume, or a symbolic link stands where a folder or file is expected.',
    action: 'Remove the link; links are not followed.',
  },
  NameTaken: {
    meaning: 'The name on the volume is used by something else.',
    action: 'Use an empty volume or another name.',
  },
  DiskFull: { meaning: 'The volume became full.', action: 'Enlarge the volume and run the job again.' },
  NoSpace: {
    meaning: 'The volume has too little free space for the task.',
    action: 'Enlarge the volume and run the job again.',
  },
  ReadOnly: { meaning: 'The volume is mounted read-only.', action: 'Make the volume writable.' },
  NotPermitted: {
    meaning: 'The worker pod may not read or write the files.',
    action: 'Run the job as the owner of the data or as root.',
  },
  SourceChanged: {
    meaning: 'The data changed during the copy.',
    action: 'Make sure that the node is stopped, and run the job again.',
  },
  ManifestUnreadable: {
    meaning: 'The manifest of the backup is damaged.',
    action: 'Use another backup.',
  },
  ManifestMismatch: {
    meaning: 'The backup is not the one that the job names, or it changed during the task.',
    action: 'Check which backup the volume holds.',
  },
  UnknownFormat: {
    meaning: 'The manifest has a format that this version does not know.',
    action: 'Use the version of the controller that made the backup, or a newer one.',
  },
  WrongChain: { meaning: 'The backup is of another chain.', action: 'Use a backup of the same chain.' },
  WrongNetwork: { meaning: 'The backup is of another network.', action: 'Use a backup of the same network.' },
  VolumeMissing: {
    meaning: 'The backup and the node do not have the same volumes.',
    action: 'Restore all volumes of the backup together.',
  },
  ContentDiffers: { meaning: 'Files of the backup differ from its manifest.', action: 'Use another backup.' },
  SignerStateUnreadable: {
    meaning: 'The record of what the key has signed cannot be read.',
    action: 'Check the file that the message names before the node signs again.',
  },
  SignerStateChanged: {
    meaning: 'The record of what the key has signed is not the expected one.',
    action: 'Make sure that no other node signs with the key, and run the job again.',
  },
  RestoreUnfinished: {
    meaning: 'Another restore on the volume is not finished.',
    action: 'Run the unfinished restore again first.',
  },
  NestedMount: {
    meaning: 'Another volume is mounted inside the data.',
    action: 'Unmount it, or name it as a volume of its own.',
  },
  NoAnswer: { meaning: 'The client did not answer in time.', action: 'Read the log of the client.' },
  AskRefused: { meaning: 'The client refused the request.', action: 'Read the message of the client.' },
  WrongHeight: {
    meaning: 'The client stands at another height than requested.',
    action: 'Read the log of the client.',
  },
  StorageUnreachable: {
    meaning: 'The object storage of the location does not answer.',
    action:
      'Check the endpoint in the policy, the network policy of the namespace and the storage, then run the job again.',
  },
  StorageDenied: {
    meaning: 'The object storage refuses the access key of the location.',
    action: 'Correct the Secret of the location, or the rights of its access key, then run the job again.',
  },
  BucketMissing: {
    meaning: 'The bucket of the location does not exist.',
    action: 'Create the bucket, or correct its name in the policy.',
  },
  WrongPassword: {
    meaning: 'The repository in object storage has another password than the Secret of the location.',
    action: 'Put the password of the repository into the Secret. Without it, no backup of the repository can be read.',
  },
  RepositoryMissing: {
    meaning: 'There is no repository for the node in the location.',
    action: 'Check the location, and the executor, namespace and node that the request names.',
  },
  RepositoryLocked: {
    meaning: 'Another process works on the repository in object storage.',
    action: 'Wait until it has ended, then run the job again.',
  },
  SnapshotMissing: {
    meaning: 'The repository does not have the snapshot.',
    action: 'Name a snapshot that the repository has.',
  },
  EngineFailed: {
    meaning: 'The program that copies to and from object storage failed.',
    action: 'Read the message and the log of the worker pod.',
  },
  Interrupted: { meaning: 'The worker pod was stopped before the task was done.', action: 'Run the job again.' },
  Failed: { meaning: 'The task failed for a reason that has no code.', action: REPORT },
});

export type GitErrorCode = keyof typeof GIT_CODES;
export type KubeErrorCode = keyof typeof KUBE_CODES;
export type TaskErrorCode = keyof typeof TASK_CODES;
export type ErrorCode = GitErrorCode | KubeErrorCode | TaskErrorCode;
