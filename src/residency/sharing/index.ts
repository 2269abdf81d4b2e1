/** Who shares a device: processes that announce themselves, kernels of this process, and admission to the queues. */
export { type KernelKind, type Place, admissionOf } from "./admission.ts";
export {
  type Company,
  type CompanyGuest,
  type CompanyMember,
  NO_COMPANY,
  cardKey,
  isCard,
  joinCompany,
} from "./company.ts";
export { announcedProcesses } from "./presence.ts";
