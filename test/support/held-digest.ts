// The digest that releases what is held, as sync.yaml says it. The file has other digests too, such as those of approvals.

export function heldDigest(sync: string): string | undefined {
  return /^ {2}digest: "?(sha256:[0-9a-f]{64})/m.exec(sync)?.[1];
}
