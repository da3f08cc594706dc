// The binding-statuses of RFC 8156 §5.5.1 and §7.2 with their numbers on the wire: F-247, F-248, the same here.

export const BINDING_STATUS = {
  ACTIVE: 1,
  EXPIRED: 2,
  RELEASED: 3,
  "PENDING-FREE": 4,
  FREE: 5,
  "FREE-BACKUP": 6,
  ABANDONED: 7,
  RESET: 8,
} as const;

export type BindingStatus = keyof typeof BINDING_STATUS;

const BY_NUMBER = new Map<number, BindingStatus>(
  Object.entries(BINDING_STATUS).map(([name, number]) => [number, name as BindingStatus]),
);

/** F-108: undefined for 0 and for values above 8. */
export function bindingStatusOf(number: number): BindingStatus | undefined {
  return BY_NUMBER.get(number);
}
