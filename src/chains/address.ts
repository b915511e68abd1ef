// Addresses that peers are given.

/** Digits, dots, colons: the form alone, whether it can be reached is for the network to say. */
export function isIpAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || /^[0-9a-f]{0,4}:[0-9a-f:]*:[0-9a-f:.]{0,40}$/i.test(text);
}

export function isHostName(text: string): boolean {
  return text.length <= 253 && /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text);
}
