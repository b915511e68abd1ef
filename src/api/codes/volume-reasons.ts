// The reasons of a BlockchainNode that are about its volumes.

import { defineCodes } from './codes.ts';

/** A change of the spec that a volume cannot follow. */
export const VOLUME_CHANGES = defineCodes({
  VolumeCannotGrow: {
    meaning: 'The API server refused to make a volume larger.',
    action:
      'Set `allowVolumeExpansion` in its StorageClass, if its driver can grow volumes. A smaller size is no longer accepted for this object: delete it with `kubectl delete blockchainnode` after the undo in Git, and it is made again with its volumes.',
  },
  VolumeClassChange: {
    meaning: 'The spec asks for another storage class than the volume has.',
    action: 'Undo the change, or create a new node and restore a backup there.',
  },
  VolumeAccessModeChange: {
    meaning: 'The spec asks for another access mode than the volume has.',
    action: 'Undo the change.',
  },
  VolumeAdded: {
    meaning: 'The spec adds a volume, and the volumes of a StatefulSet cannot change.',
    action: 'Stop the node, delete its StatefulSet (the volumes stay), and start the node.',
  },
});

/** What became of the data. */
export const VOLUME_LOSSES = defineCodes({
  HeightFell: {
    meaning: 'The node has fewer blocks than before, and no job put it back: it lost data, or was given older data.',
    action:
      'Find out why: a volume that was replaced or restored, a client that repaired its database. Do not let a validator sign before that is known. The alarm ends when the height is reached again, or with a higher `spec.restartGeneration`.',
  },
  VolumeReplaced: {
    meaning:
      'A PVC of the node was lost, and Kubernetes made another one: the node has not the data that it had. `status.lostVolumes` has both UIDs.',
    action:
      'Find out who deleted it. Restore a Backup, or let the node sync; if the old PersistentVolume was kept, its data is still there. It ends when the old height is reached again, or with a higher `spec.restartGeneration`.',
  },
  VolumeMissing: {
    meaning: 'A PVC of the node is gone. The next pod gets an empty one.',
    action:
      'Before the node starts, bring the volume back under the same name, or restore a Backup; or let the node sync from the start.',
  },
  VolumeTerminating: {
    meaning: 'A PVC of the node was deleted by hand. Its data is lost when the pod ends.',
    action:
      'Before the pod restarts, set `spec.persistentVolumeReclaimPolicy` of its PersistentVolume to `Retain`, or copy it with a Backup of `action: Direct`. Jobs that would stop the node are refused, and changes that would end its pod are held.',
  },
  VolumeLost: { meaning: 'The volume behind a PVC is gone.', action: 'Restore the volume or the data.' },
});
