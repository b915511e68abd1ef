/** What Pod Security `restricted` admits: for objects that tests create beside a node. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
export const restrictedPod = { containers: [{ name: 'a', image: 'a', securityContext: RESTRICTED }] };
