// The problems of a file as a whole and of its YAML.

import { defineCodes } from './codes.ts';

export const FILE_PROBLEMS = defineCodes({
  Unreadable: {
    meaning: 'The file cannot be opened.',
    action: 'Check its permissions and the disk, then run the command again.',
  },
  NotAFile: {
    meaning:
      'The path is a symbolic link, a submodule or another special file. Only regular files are read, and nothing is followed.',
    action: 'Replace it with a regular file.',
  },
  BadFileName: { meaning: 'The path cannot be decoded.', action: 'Rename the file.' },
  FileNotRead: {
    meaning:
      'The name or the place of the file excludes it from what is read. An error when it holds an object of ours: what it declares has no effect, and what it declared before keeps its last good state.',
    action:
      'Move or rename it as the message says. Ignore the warning if the file is not meant for the controller; keep objects that are not to be read in a folder that begins with a dot, or in files that end in `.off`, such as `a.yaml.off`: nodes that no other file declares are deleted then.',
  },
  EmptyFile: {
    meaning:
      'The file has no text. It declares nothing, and what it declared before is deleted as if the file were gone.',
    action: 'Write its object, or delete the file.',
  },
  FileTooLarge: { meaning: 'The file is larger than 1 MiB.', action: 'Split it.' },
  NotText: { meaning: 'The file holds binary data or text in another encoding.', action: 'Save it as UTF-8.' },
  NotUtf8: { meaning: 'The file is not valid UTF-8.', action: 'Save it as UTF-8.' },
  LfsPointer: {
    meaning: 'The file is a Git LFS pointer. The content is not in the repository.',
    action: 'Remove the path from `.gitattributes` and commit the YAML.',
  },
  MergeConflict: {
    meaning: 'The file still holds the markers of a merge conflict.',
    action: 'Choose one side and remove the marker lines.',
  },
  EncryptedFile: {
    meaning: 'The file is encrypted with git-crypt. The controller decrypts nothing.',
    action: 'Commit plain text. Keep secrets in a Kubernetes Secret and name that.',
  },
  SopsEncrypted: {
    meaning: 'The file is encrypted with SOPS. The controller decrypts nothing.',
    action: 'Commit plain text. Keep secrets in a Kubernetes Secret and name that.',
  },
  BadYaml: {
    meaning: 'The text is not valid YAML 1.2. No document of the file is used.',
    action: 'Correct the text at the position.',
  },
  TooManyDocuments: { meaning: 'The file has more documents than are read.', action: 'Split the file.' },
  NotAnObject: {
    meaning: 'The document is a list or a single value.',
    action: 'Write an object with `apiVersion`, `kind`, `metadata` and `spec`.',
  },
  ListNotSupported: {
    meaning: 'The document is a `List` of objects.',
    action: 'Write the objects as documents separated by `---`.',
  },
  TooManyValues: {
    meaning: 'The document has more values than are read, with its aliases resolved.',
    action: 'Split the document, or use fewer aliases.',
  },
  TooManyAliases: { meaning: 'The document uses more aliases than are resolved.', action: 'Write the values out.' },
  TooDeep: { meaning: 'Values or folders are nested too deeply.', action: 'Flatten them.' },
  TextTooLong: { meaning: 'A key or a value is longer than is read.', action: 'Shorten it.' },
  UnknownTag: { meaning: 'The value has a YAML tag outside the core schema.', action: 'Remove the tag.' },
  BadAlias: {
    meaning: 'The alias has no complete anchor before it.',
    action: 'Define the anchor first, or write the value out.',
  },
  BadKey: { meaning: 'A key is not a text.', action: 'Put the key in quotes.' },
  DuplicateKey: { meaning: 'A key occurs twice in one object.', action: 'Remove one.' },
  ForbiddenKey: { meaning: 'The key could change the prototype of objects.', action: 'Choose another key.' },
  MergeKey: {
    meaning: 'The key `<<` is not part of YAML 1.2.',
    action: 'Write the fields out, or use the defaults in `fleet.yaml`.',
  },
  BadNumber: { meaning: 'The number cannot be kept exactly.', action: 'Put it in quotes if it is meant as text.' },
  KeyMaterial: {
    meaning: 'The value looks like a private key, a seed phrase or a password.',
    action: 'Move it into a Kubernetes Secret and name that. Replace the key: all readers of the repository know it.',
  },
});
