/** Chooses the launch strategy of a kernel: the named one, or the best that the device's profile allows. */
import { EverwarpError } from "../../base/index.ts";
import type { DeviceProfile } from "../profile/index.ts";
import type { KernelKind } from "../sharing/index.ts";
import { STRATEGY_NAMES, type StrategyName } from "../strategies/index.ts";

/** What limits the choice of a strategy. */
export interface StrategyChoice {
  /** Strategies that suit the caller's kernel; all if not given. */
  readonly among?: readonly StrategyName[];
  /**
   * Whether the device is hardware, which programs use in turns. On a software device, the system shares the processor.
   */
  readonly isCard?: boolean;
}

/**
 * Chooses the named strategy, or the best that the profile allows. In order: on a card, a kernel that stays while no
 * other program wants the card; a kernel that stays; a kernel that stays for one lease at a time; one launch per batch.
 * @throws EW_STRATEGY_UNSUPPORTED, with the profile's reason
 */
export function chooseStrategy(
  profile: DeviceProfile,
  wanted: StrategyName | "auto",
  { among = STRATEGY_NAMES, isCard = false }: StrategyChoice = {},
): { name: StrategyName; reason: string } {
  if (!STRATEGY_NAMES.includes(wanted as StrategyName) && wanted !== "auto") {
    throw new EverwarpError("EW_BAD_ARGUMENT", `there is no launch strategy "${wanted}"`, {
      remedy: `Choose auto, ${STRATEGY_NAMES.join(", ")}.`,
    });
  }
  const { persistent, doorbell } = profile;
  if (wanted === "persistent" && !persistent.allowed) {
    throw new EverwarpError(
      "EW_STRATEGY_UNSUPPORTED",
      `${profile.deviceName} cannot keep a kernel resident: ${persistent.reason}`,
      {
        remedy: "Choose the strategy leased or batch, or auto.",
      },
    );
  }
  if (wanted !== "auto" && !among.includes(wanted)) {
    throw new EverwarpError(
      "EW_STRATEGY_UNSUPPORTED",
      `this kernel does not run with the strategy ${wanted}`,
      {
        remedy: `Choose auto, ${among.join(", ")}.`,
      },
    );
  }
  if (wanted !== "auto") return { name: wanted, reason: "it was asked for" };
  const reading = doorbell.at(-1);
  if (isCard && reading?.isSeen === true && among.includes("adaptive"))
    return { name: "adaptive", reason: "it stays while no other program uses the card" };
  if (persistent.allowed && among.includes("persistent"))
    return { name: "persistent", reason: persistent.reason };
  if (reading?.isSeen === true && among.includes("continuous")) {
    return {
      name: "continuous",
      reason: `a running kernel sees what the host writes, but cannot stay: ${persistent.reason}`,
    };
  }
  return { name: "batch", reason: `no kernel can stay resident: ${persistent.reason}` };
}

/** How a caller says how a kernel runs: by a strategy's name, or by what it asks of the kernel. */
export interface StrategyRequest {
  /** Default: `"auto"`, as the device's profile allows. */
  readonly strategy?: StrategyName | "auto" | undefined;
  /** Leaves the device to other programs between two batches: the strategy `batch`. Default: false. */
  readonly polite?: boolean | undefined;
  /** Demands a resident kernel: the strategy `persistent`. Default: false. */
  readonly persistent?: boolean | undefined;
}

/**
 * The strategy that a request stands for.
 * @throws EW_BAD_ARGUMENT for a request that names two
 */
export function strategyOf({
  strategy = "auto",
  polite = false,
  persistent = false,
}: StrategyRequest): StrategyName | "auto" {
  if (persistent && polite) throw contradiction("a resident kernel", "a polite kernel");
  if (!persistent && !polite) return strategy;
  const [wanted, name] = persistent
    ? (["persistent", "a resident kernel"] as const)
    : (["batch", "a polite kernel"] as const);
  if (strategy === "auto" || strategy === wanted) return wanted;
  throw contradiction(name, `the strategy "${strategy}"`);
}

function contradiction(one: string, other: string): EverwarpError {
  return new EverwarpError("EW_BAD_ARGUMENT", `${one} and ${other} were both asked for`, {
    remedy: 'Leave one of them out: polite means the strategy "batch", persistent "persistent".',
  });
}

/** The kind of kernel that a strategy launches. */
export function kindOf(strategy: StrategyName): KernelKind {
  if (strategy === "adaptive") return "adaptive";
  return strategy === "persistent" || strategy === "leased" || strategy === "continuous"
    ? "resident"
    : "bounded";
}
