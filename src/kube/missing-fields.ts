// What a schema of ours has more than the one that a server uses.

/** The part of a JSON schema that fields are found by. */
export interface FieldSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** Paths like `spec.storage` of fields that only `ours` has; none below a field that is missing itself. */
export function missingFields(ours: FieldSchema, theirs: FieldSchema, path = ''): readonly string[] {
  if (theirs['x-kubernetes-preserve-unknown-fields'] === true) return [];
  const fields = Object.entries(ours.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const known = theirs.properties?.[name];
    return known === undefined ? [at] : missingFields(field, known, at);
  });
  const { items } = ours;
  return items === undefined ? fields : [...fields, ...missingFields(items, theirs.items ?? {}, `${path}[]`)];
}
