// The problems of a BlockchainNode.

import { defineCodes } from './codes.ts';

export const NODE_PROBLEMS = defineCodes({
  UnknownChain: { meaning: 'There is no such chain.', action: 'Choose one that the message names.' },
  ForeignOptions: { meaning: "The options belong to another chain than the node's.", action: 'Remove them.' },
  UnknownNetwork: { meaning: 'The chain has no such network.', action: 'Choose one that the message names.' },
  UnsupportedNodeType: {
    meaning: 'The chain or client cannot run as this node type.',
    action: 'Choose one that the message names, or another client.',
  },
  MissingRole: { meaning: 'A role that the chain needs has no client.', action: 'Add the client.' },
  UnknownRole: { meaning: 'The chain, or this node, has no such role.', action: 'Correct the name.' },
  UnusedRole: { meaning: 'The role has no effect with the other settings.', action: 'Remove it.' },
  UnknownClient: { meaning: 'The role has no such client.', action: 'Choose one that the message names.' },
  UnsupportedNetwork: { meaning: 'The client cannot join the network.', action: 'Choose another client or network.' },
  InvalidVersion: { meaning: 'The version cannot be an image tag.', action: 'Correct it.' },
  InvalidImage: {
    meaning: 'The image is no reference that can be pulled, for example because its tag has a space.',
    action: 'Correct it.',
  },
  VersionTooOld: {
    meaning: 'The client version is too old for the network.',
    action: 'Use the version that the message names, or a newer one.',
  },
  BrokenVersion: {
    meaning: 'The client version has a known fault on the network.',
    action: 'Use the version that the message names.',
  },
  UnknownVersion: {
    meaning: 'The image has no version to check, and the network has upgrades that old versions do not support.',
    action: 'Set the version of the client that the image contains.',
  },
  DeprecatedNetwork: {
    meaning: 'The network is about to be shut down.',
    action: 'Move to the network that the message names.',
  },
  RunsPrograms: {
    meaning: 'The setting would make the client run a program, or change which code runs beside it.',
    action: 'Remove it. Use a sidecar for work beside the client.',
  },
  WritesFiles: {
    meaning:
      'The setting would make the client write files at a path of its own, or show its memory, with the keys in it.',
    action: 'Remove it. Clients write to their volume and their standard output.',
  },
  MissingTools: {
    meaning: 'The image lacks the tools that prepare the node.',
    action: 'Use an image with a shell.',
  },
  MissingStorage: {
    meaning: 'The node has no volume for its data.',
    action: 'Add `storage.data`, or one volume per role.',
  },
  UnknownStorage: {
    meaning: 'A sidecar mounts a volume that the node does not have.',
    action: 'Add the volume, or mount another.',
  },
  LowCapacity: {
    meaning: 'The node has less storage or memory than such nodes are known to need.',
    action: 'Raise it, or accept that the node may not sync.',
  },
  InvalidToleration: {
    meaning: 'The API server would refuse the toleration.',
    action: 'Correct it as the message says.',
  },
  InvalidScheduling: {
    meaning: 'The API server would refuse the affinity or the spread of the pod.',
    action: 'Correct it as the message says.',
  },
  InvalidSidecar: {
    meaning: 'The API server would refuse a port or a mount of the sidecar.',
    action: 'Correct it as the message says.',
  },
  InvalidStorage: { meaning: 'The API server would refuse the volume.', action: 'Correct its size.' },
  UnknownResource: {
    meaning: 'Kubernetes has no resource of this name.',
    action: 'Correct the name.',
  },
  InvalidResources: {
    meaning: 'The API server would refuse the requests and limits.',
    action: 'Correct them as the message says.',
  },
  DuplicateName: { meaning: 'Two containers of the pod have the same name.', action: 'Rename the sidecar.' },
  DuplicatePort: {
    meaning: 'Two containers of a pod, or two nodes of a cluster with node ports, use the same port.',
    action: 'Choose another port.',
  },
  InvalidPort: { meaning: 'The port cannot be opened.', action: 'Choose a port in the range that the message names.' },
  InvalidFlag: { meaning: 'The key is not a flag name.', action: 'Write the name without dashes and value.' },
  InvalidKey: {
    meaning: 'The key or value does not fit a configuration file.',
    action: 'Use a plain key and a one-line value.',
  },
  UnknownConfigFile: {
    meaning: 'The chain has no such configuration file.',
    action: 'Choose one that the message names.',
  },
  ManagedSetting: { meaning: 'The controller sets this flag, key or variable.', action: 'Remove it.' },
  InvalidSetting: {
    meaning: 'The value does not fit the setting, or settings exclude each other.',
    action: 'Correct the value as the message says.',
  },
  UnusedSetting: { meaning: 'The setting has no effect with the other settings.', action: 'Remove it.' },
  InvalidAddress: {
    meaning: 'The address cannot be advertised to peers.',
    action: 'Write an address that peers can reach.',
  },
  MissingImage: { meaning: 'The chain has no default image.', action: 'Set `image` of the client.' },
  MissingBinary: { meaning: 'The chain program is not named.', action: 'Set `spec.cosmos.binary`.' },
  MissingGenesis: { meaning: 'The network has no built-in genesis file.', action: 'Set `spec.genesis`.' },
  AmbiguousGenesis: { meaning: 'The genesis file has two sources.', action: 'Keep one.' },
  MissingChecksum: { meaning: 'The genesis URL has no checksum.', action: 'Add `spec.genesis.sha256`.' },
  MissingIdentity: { meaning: 'A validator has no signing identity.', action: 'Set `spec.identity.secretName`.' },
  TwoSigners: { meaning: 'The node has a signing key and a remote signer.', action: 'Keep one.' },
  UnstablePeer: { meaning: 'The peer address may change.', action: 'Use an address that stays.' },
  DataNotKept: {
    meaning: 'The client does not keep its data on this network.',
    action: 'Use another client if the data must survive a restart.',
  },
});
