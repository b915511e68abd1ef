// Error responses: their code, and what their text must not hold.

import { describe, expect, it } from 'vitest';

import { readErrorResponse } from '../../src/kube/read-status.ts';

const status = (fields: object): string => JSON.stringify({ kind: 'Status', apiVersion: 'v1', ...fields });

describe('code', () => {
  it.each([
    { because: 'a Status proves absence', http: 404, text: status({ reason: 'NotFound' }), code: 'NOT_FOUND' },
    {
      because: 'a bare 404 means that the path is not served',
      http: 404,
      text: '404 page not found',
      code: 'NOT_SERVED',
    },
    {
      because: 'a group without the resource is no absence either',
      http: 404,
      text: status({ reason: 'NotFound', message: 'the server could not find the requested resource' }),
      code: 'NOT_SERVED',
    },
    { because: 'create found one', http: 409, text: status({ reason: 'AlreadyExists' }), code: 'ALREADY_EXISTS' },
    { because: 'another client wrote', http: 409, text: status({ reason: 'Conflict' }), code: 'CONFLICT' },
    { because: 'a page token ran out', http: 410, text: status({ reason: 'Expired' }), code: 'GONE' },
    { because: 'admission said no', http: 403, text: status({ reason: 'Forbidden' }), code: 'FORBIDDEN' },
    { because: 'fields are wrong', http: 422, text: status({ reason: 'Invalid' }), code: 'INVALID' },
    {
      because: 'an apply against the schema is our fault, for every status code',
      http: 500,
      text: status({
        message: 'failed to create typed patch object (a/b; v1, Kind=X): .z: field not declared in schema',
      }),
      code: 'INVALID',
    },
    { because: 'the server is unwell', http: 500, text: status({ message: 'etcdserver: no leader' }), code: 'SERVER' },
    { because: 'a load balancer answered', http: 502, text: '<html>bad gateway</html>', code: 'SERVER' },
    { because: 'the server gave up waiting', http: 504, text: status({ reason: 'Timeout' }), code: 'TIMEOUT' },
    { because: 'it is too busy', http: 429, text: '', code: 'TOO_MANY_REQUESTS' },
    { because: 'the object is too large', http: 413, text: '', code: 'TOO_LARGE' },
    { because: 'a redirect is not ours to follow', http: 302, text: '', code: 'UNEXPECTED' },
  ])('$http is $code: $because', ({ http, text, code }) => {
    expect(readErrorResponse({ status: http, text }, 'get X', false)).toMatchObject({ code, status: http });
  });
});

it('names who owns the fields of a conflict', () => {
  const causes = [{ reason: 'FieldManagerConflict', field: '.data.x', message: 'conflict with "kubectl" using v1' }];
  const error = readErrorResponse(
    { status: 409, text: status({ reason: 'Conflict', details: { causes } }) },
    'x',
    false,
  );
  expect(error.conflicts).toEqual([{ field: '.data.x', manager: 'kubectl' }]);
});

it('takes the wait from the details when there is no header', () => {
  const text = status({ reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } });
  expect(readErrorResponse({ status: 429, text }, 'x', false).retryAfterMs).toBe(7000);
});

describe('text', () => {
  it.each([422, 500, 400])('of a Secret (%i) names fields and no values', (http) => {
    const causes = [{ reason: 'FieldValueInvalid', field: 'data[k]', message: 'Invalid value: "hunter2"' }];
    const text = status({ reason: 'Invalid', message: 'data[k]: Invalid value: "hunter2"', details: { causes } });
    const error = readErrorResponse({ status: http, text }, 'apply Secret a/b', true);
    expect(error.message).not.toContain('hunter2');
    expect(error.message).toContain('data[k]');
  });

  it('never shows the page of another program', () => {
    const error = readErrorResponse({ status: 502, text: '<html>cookie=hunter2</html>' }, 'get X', false);
    expect(error.message).toBe('get X: the answer is not a Status object; check whether a proxy answers (HTTP 502)');
  });

  it('is one line of at most a kilobyte', () => {
    const error = readErrorResponse({ status: 422, text: status({ message: 'a\nb '.repeat(1000) }) }, 'get X', false);
    expect(error.message.length).toBeLessThanOrEqual(1024);
    expect(error.message).not.toContain('\n');
  });
});
