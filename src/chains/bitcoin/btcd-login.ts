// Makes the file with the password of btcd. It has nothing like rpcauth and reads no environment: only flags or this.

export const LOGIN_FILE = 'btcd.conf';

/** The file for `--configfile`, in the form of sample-btcd.conf. */
export function btcdLogin(user: string, password: string): string {
  return `[Application Options]\nrpcuser=${user}\nrpcpass=${password}\n`;
}
