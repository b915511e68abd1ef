// References of images as a kubelet reads them: host, path, tag and digest (https://github.com/distribution/reference).

const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?`;
const PART = String.raw`[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`;
const TAG = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const DIGEST = String.raw`[A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]{32,}`;

/** The API server reads it too, so it has nothing that RE2 lacks. */
export const IMAGE_REFERENCE = new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@${DIGEST})?$`);

export const IMAGE_ADVICE =
  'Write it like "registry.example/team/geth:1.16.7", without spaces, and in lower case up to the tag.';
