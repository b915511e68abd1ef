// Signatures of images in the format of cosign: a manifest under the tag `sha256-<digest>.sig`, one layer a signature, over a
// payload that names the digest. https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
// Bundles, certificates and the transparency log are not read: the key of the administrator decides.

import { createPublicKey, type KeyObject, verify } from 'node:crypto';

import { z } from 'zod';

import { textAt } from '../lib/json-value.ts';
import { RegistryError } from './errors.ts';
import type { Registry } from './registry.ts';

const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const SIGNATURE = 'dev.cosignproject.cosign/signature';
const TYPE = 'cosign container image signature';
const MAX_PAYLOAD = 64 * 1024;
const MAX_SIGNATURES = 16;

const Signatures = z.object({
  layers: z.array(
    z.object({
      mediaType: z.string(),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** Throws for a text that is not the PEM of an ECDSA P-256 or Ed25519 public key. */
export function readPublicKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: pem, format: 'pem' });
  } catch (cause) {
    throw new Error('the key for the signatures of images is not a public key in PEM', { cause });
  }
  const isP256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!pem.includes('PUBLIC KEY') || !(isP256 || key.asymmetricKeyType === 'ed25519'))
    throw new Error('the key for the signatures of images must be a public key: ECDSA P-256 or Ed25519');
  return key;
}

/** Rejects with a RegistryError unless the key signed this digest. */
export async function requireSignature(registry: Registry, digest: string, key: KeyObject): Promise<void> {
  const tag = `${digest.replace(':', '-')}.sig`;
  const manifest = await registry.manifest(tag);
  if (manifest === undefined) throw refused(`the image is not signed: the registry has no tag ${tag}`);
  const found = Signatures.safeParse(manifest.content);
  if (!found.success) throw refused(`the signatures of the image, tag ${tag}, cannot be read`);
  const layers = found.data.layers.filter(({ mediaType }) => mediaType === SIMPLE_SIGNING).slice(0, MAX_SIGNATURES);
  for (const { digest: payloadDigest, annotations } of layers) {
    const payload = await registry.blob(payloadDigest, MAX_PAYLOAD);
    if (isBy(key, payload, annotations?.[SIGNATURE] ?? '') && namesDigest(payload, digest)) return;
  }
  throw refused(`none of ${layers.length} signatures of the image is by the configured key over ${digest}`);
}

/** ECDSA over SHA-256 in DER, or Ed25519. */
function isBy(key: KeyObject, payload: Buffer, signature: string): boolean {
  try {
    const algorithm = key.asymmetricKeyType === 'ec' ? 'sha256' : null;
    return verify(algorithm, payload, key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

function namesDigest(payload: Buffer, digest: string): boolean {
  try {
    const content: unknown = JSON.parse(payload.toString('utf8'));
    return (
      textAt(content, ['critical', 'type']) === TYPE &&
      textAt(content, ['critical', 'image', 'docker-manifest-digest']) === digest
    );
  } catch {
    return false;
  }
}

function refused(message: string): RegistryError {
  return new RegistryError('UpgradeSignatureRefused', message);
}
