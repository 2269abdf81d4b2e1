/**
 * Launches programs over bit planes. At first, one kernel reads the steps of any program. When that has cost more than
 * a compilation, the program gets a kernel of its own.
 *
 *     program ──▶ steps in memory ──▶ the kernel that reads steps ──▶ … ──enough bytes──▶ compile ──▶ its own kernel
 *
 * Invariants: At most one launch is in flight. So one set of sums, one answer and one program in memory are enough.
 * Each pair of kernel and corpus keeps its recording, which is submitted again when its fence is signaled.
 */
import { EverwarpError } from "../../base/index.ts";
import type { ProgramLease } from "../../programs/index.ts";
import { type DeviceSession, sealNumberAt } from "../../residency/index.ts";
import type { CommandBuffer, ComputePipeline, DeviceBuffer, Fence } from "../../vulkan/index.ts";
import type { LineCount } from "../backend/index.ts";
import { type PlaneProgram, programGlsl } from "../planes/index.ts";
import type { DeviceCorpus } from "./device-corpus.ts";
import { DevicePlanes } from "./device-planes.ts";
import type { KernelGround } from "./kernel-ground.ts";
import { planeCode } from "./plane-code.ts";
import { FoundLines, linesOfFiles } from "./found-lines.ts";
import { doubtfulLines } from "./plane-doubts.ts";
import type { PlaneAnswer, PlaneQuery, PlaneWish } from "./plane-query.ts";
import type { PlaneTaker } from "./plane-queue.ts";
import type { PlaneKernelShape, PlaneShape } from "./plane-shape.ts";
import { LinesLaunch, PlaneCode, PlaneLaunch, PlaneTally } from "./planes.schema.ts";
import { planeProgramRequest } from "./search-programs.ts";

/** More lines in doubt are verified by a search sooner. */
const DOUBTS_MAX = 16_384;
const RECORDINGS_MAX = 64;
/** An answer comes a moment before the end of its launch. */
const ENDING_MS = 1000;
const COMPILED_MAX = 64;
/** Verifying more lines takes longer than a search by the host's threads. */
const PLACES_MAX = 4096;
const LINES_GROUP = 64;

interface Kernel {
  readonly tier: LineCount["tier"];
  readonly pipeline: ComputePipeline;
  readonly shape: PlaneKernelShape;
  readonly recordings: Record<PlaneWish, Map<DeviceCorpus, Recording>>;
}

interface CompiledKernel extends Kernel {
  readonly lease: ProgramLease;
}

interface Recording {
  readonly commandBuffer: CommandBuffer;
  readonly fence: Fence;
  isSubmitted: boolean;
}

const noRecordings = (): Kernel["recordings"] => ({ count: new Map(), places: new Map() });

/** What every launch needs. */
interface Ground {
  readonly transpose: ComputePipeline;
  readonly interpreted: Kernel;
  readonly tally: DeviceBuffer;
  readonly answer: DeviceBuffer;
  readonly doubts: DeviceBuffer;
  readonly planeLines: ComputePipeline;
  /** Where the lines begin whose ends are in `doubts`, if all places were asked for. */
  readonly lines: DeviceBuffer;
  readonly code: DeviceBuffer;
}

/** What is known of a program. */
interface Known {
  readonly code: Uint32Array<ArrayBuffer> | undefined;
  /** Why it has no kernel of its own. */
  failure: unknown;
  isCompiling: boolean;
  bytesRead: number;
}

/** See the head of this file. */
export class PlaneLauncher implements PlaneTaker {
  readonly #session: DeviceSession;
  readonly #shape: PlaneShape;
  readonly #ground: KernelGround;
  #parts: Ground | undefined;
  readonly #known = new WeakMap<PlaneProgram, Known>();
  /** Those that have a kernel of their own, the last used last. */
  readonly #compiled = new Map<PlaneProgram, CompiledKernel>();
  #recordingCount = 0;
  #launchCount = 0;
  #isDisposed = false;
  #running: { query: PlaneQuery; recording: Recording; kernel: Kernel } | undefined;
  /** Called when a kernel of its own would pay for a program. */
  onPays: (program: PlaneProgram) => void = () => undefined;

  constructor(session: DeviceSession, ground: KernelGround, shape: PlaneShape) {
    this.#session = session;
    this.#ground = ground;
    this.#shape = shape;
  }

  /** Is everything there that a program needs on a corpus? */
  isReady(program: PlaneProgram, corpus: DeviceCorpus): boolean {
    if (this.#parts === undefined || corpus.planes === undefined) return false;
    return this.#knownOf(program).code !== undefined || this.#compiled.has(program);
  }

  /**
   * Makes what a program needs on a corpus. Nothing may run on the device's compute queue.
   * @throws EW_OUT_OF_DEVICE_MEMORY, EW_DEVICE_LOST, EW_COMPILE, EW_VULKAN
   */
  async prepare(program: PlaneProgram, corpus: DeviceCorpus): Promise<void> {
    const { transpose } = (this.#parts ??= await this.#makeGround());
    const spanShift = this.#shape.spanShift(corpus.placement.stats.arenaBytes);
    corpus.planes ??= await DevicePlanes.build(this.#session.device, transpose, corpus.segments, spanShift);
    if (this.#knownOf(program).code === undefined) await this.compile(program);
  }

  /**
   * Makes a program's own kernel. A failure is kept, and thrown again the next time. That another kernel holds the
   * device is not: it may end.
   */
  async compile(program: PlaneProgram): Promise<void> {
    const known = this.#knownOf(program);
    if (known.failure !== undefined) throw known.failure;
    if (this.#compiled.has(program) || this.#isDisposed) return;
    const shape = this.#shape.compiled;
    try {
      const lease = await this.#ground.lease(planeProgramRequest(shape, programGlsl(program)));
      if (this.#isDisposed) return lease.release();
      const { pipeline } = lease;
      this.#compiled.set(program, { tier: "compiled", pipeline, shape, recordings: noRecordings(), lease });
      for (const [oldest, kernel] of this.#compiled) {
        if (this.#compiled.size <= COMPILED_MAX) break;
        this.#drop(oldest, kernel);
      }
    } catch (error) {
      if (error instanceof EverwarpError && error.code === "EW_NO_ROOM") known.bytesRead = 0;
      else known.failure = error;
      throw error;
    } finally {
      known.isCompiling = false;
    }
  }

  launch(query: PlaneQuery): void {
    const { program, corpus } = query;
    const parts = this.#parts as Ground;
    const compiled = this.#compiled.get(program);
    const kernel = compiled ?? parts.interpreted;
    if (compiled === undefined) this.#interpret(program, corpus);
    else {
      this.#compiled.delete(program);
      this.#compiled.set(program, compiled);
    }
    const recording =
      kernel.recordings[query.wish].get(corpus) ?? this.#record(kernel, corpus, query.wish, parts);
    if (recording.isSubmitted) {
      recording.fence.wait({ timeoutMs: ENDING_MS });
      recording.fence.reset();
    }
    recording.isSubmitted = true;
    this.#session.device.queue.submit(recording.commandBuffer, recording.fence);
    this.#launchCount = (this.#launchCount + 1) >>> 0;
    this.#running = { query, recording, kernel };
  }

  poll(): PlaneAnswer | undefined {
    if (this.#running === undefined) return undefined;
    const { query, recording, kernel } = this.#running;
    const parts = this.#parts as Ground;
    const words = new Uint32Array(parts.answer.host);
    if (sealNumberAt(words, 0) !== this.#launchCount) return undefined;
    const [lines, doubtCount, unfinished] = words as unknown as [number, number, number];
    const isUsable = unfinished === 0 && doubtCount <= capacityOf(query.wish);
    // The places are there when the launch has ended, which is a moment later.
    if (isUsable && doubtCount > 0 && !recording.fence.signaled()) return undefined;
    this.#running = undefined;
    const places = new Uint32Array(parts.doubts.host, 0, isUsable ? 2 * doubtCount : 0);
    const { tier } = kernel;
    if (query.wish === "count")
      return {
        lines,
        doubts: isUsable ? doubtfulLines(places, query.corpus) : undefined,
        tier,
        places: undefined,
      };
    const begins = new Uint32Array(parts.lines.host, 0, places.length);
    const undecided = isUsable ? linesOfFiles(places, begins, query.corpus) : undefined;
    return { lines: 0, doubts: undefined, tier, places: new FoundLines(undecided) };
  }

  assertRunning(): void {
    if (this.#running?.recording.fence.signaled() !== true) return;
    const { answer } = this.#parts as Ground;
    if (sealNumberAt(new Uint32Array(answer.host), 0) === this.#launchCount) return;
    this.#running = undefined;
    throw new EverwarpError("EW_KERNEL_FAULT", "a count of lines ended without an answer", {
      remedy: "Please report this, with the device and its driver.",
    });
  }

  /** Gives up what was recorded for a corpus. Nothing may be in flight. */
  forget(corpus: DeviceCorpus): void {
    const kernels = [...this.#compiled.values(), ...(this.#parts ? [this.#parts.interpreted] : [])];
    for (const { recordings } of kernels)
      for (const kept of Object.values(recordings)) this.#forgetRecording(kept, corpus);
  }

  /** Gives everything back. Nothing of it may run any more. */
  dispose(): void {
    this.#isDisposed = true;
    for (const [program, kernel] of this.#compiled) this.#drop(program, kernel);
    if (this.#parts !== undefined) this.#forgetRecordings(this.#parts.interpreted);
  }

  async #makeGround(): Promise<Ground> {
    const ground = this.#ground;
    const shape = this.#shape.interpreted;
    const pipeline = await ground.acquireProgram(planeProgramRequest(shape));
    const tallyBytes = PlaneTally.WORDS * 4;
    const parts: Ground = {
      transpose: await ground.acquire("transpose"),
      planeLines: await ground.acquire("planeLines"),
      interpreted: { tier: "interpreted", pipeline, shape, recordings: noRecordings() },
      tally: ground.createBuffer({ role: "device", sizeBytes: tallyBytes, label: "sums of lines" }),
      answer: ground.createBuffer({ role: "readback", sizeBytes: 16, label: "count of lines" }),
      doubts: ground.createBuffer({ role: "readback", sizeBytes: DOUBTS_MAX * 8, label: "lines in doubt" }),
      lines: ground.createBuffer({
        role: "readback",
        sizeBytes: PLACES_MAX * 8,
        label: "beginnings of lines",
      }),
      code: ground.createBuffer({
        role: "upload",
        sizeBytes: (PlaneCode.HEAD + PlaneCode.STEPS) * 8,
        label: "steps of a program",
      }),
    };
    await this.#session.device.runAsync((recorder) => recorder.fill(parts.tally, 0, tallyBytes, 0));
    return parts;
  }

  #knownOf(program: PlaneProgram): Known {
    let known = this.#known.get(program);
    if (known === undefined) {
      const code = planeCode(program);
      known = { code, failure: undefined, isCompiling: false, bytesRead: 0 };
      this.#known.set(program, known);
    }
    return known;
  }

  #interpret(program: PlaneProgram, corpus: DeviceCorpus): void {
    const { code } = this.#parts as Ground;
    const known = this.#knownOf(program);
    new Uint32Array(code.host).set(known.code as Uint32Array);
    known.bytesRead += corpus.placement.stats.arenaBytes;
    if (known.bytesRead < this.#shape.interpretedBytesMax || known.isCompiling || known.failure !== undefined)
      return;
    known.isCompiling = true;
    this.onPays(program);
  }

  #record(kernel: Kernel, corpus: DeviceCorpus, wish: PlaneWish, parts: Ground): Recording {
    if (this.#recordingCount >= RECORDINGS_MAX) this.#forgetOldest();
    const { device } = this.#session;
    const planes = corpus.planes as DevicePlanes;
    const { workgroupSize, walkMax } = kernel.shape;
    const groups = planes.segments.map(({ wordCount }) =>
      Math.ceil((wordCount >> planes.spanShift) / workgroupSize),
    );
    const commandBuffer = device.createCommandBuffer({ label: "count of lines" });
    commandBuffer.record((recorder) => {
      recorder.barrier("compute", "compute").bind(kernel.pipeline);
      for (const [segment, { buffer, wordCount }] of planes.segments.entries()) {
        const launch = PlaneLaunch.pack({
          planes: buffer.address,
          tally: parts.tally.address,
          answer: parts.answer.address,
          doubts: parts.doubts.address,
          code: parts.code.address,
          segment,
          wordCount,
          spanShift: planes.spanShift,
          groupCount: groups.reduce((sum, count) => sum + count, 0),
          doubtCapacity: capacityOf(wish),
          walkMax,
          tellsAll: wish === "places" ? 1 : 0,
        });
        recorder.push(launch).dispatch(groups[segment]!);
      }
      if (wish === "places") {
        const launch = LinesLaunch.pack({
          answer: parts.answer.address,
          places: parts.doubts.address,
          segments: corpus.segmentTable.address,
          lines: parts.lines.address,
          capacity: PLACES_MAX,
        });
        recorder.barrier("compute", "compute").bind(parts.planeLines).push(launch);
        recorder.dispatch(PLACES_MAX / LINES_GROUP);
      }
      recorder.barrier("compute", "host");
    });
    const recording = { commandBuffer, fence: device.createFence(), isSubmitted: false };
    kernel.recordings[wish].set(corpus, recording);
    this.#recordingCount++;
    return recording;
  }

  #forgetOldest(): void {
    for (const { recordings } of this.#compiled.values()) {
      for (const kept of Object.values(recordings))
        for (const corpus of kept.keys()) return this.#forgetRecording(kept, corpus);
    }
    this.#forgetRecordings((this.#parts as Ground).interpreted);
  }

  #forgetRecordings({ recordings }: Kernel): void {
    for (const kept of Object.values(recordings))
      for (const corpus of kept.keys()) this.#forgetRecording(kept, corpus);
  }

  #forgetRecording(kept: Map<DeviceCorpus, Recording>, corpus: DeviceCorpus): void {
    const recording = kept.get(corpus);
    if (recording === undefined) return;
    kept.delete(corpus);
    this.#recordingCount--;
    recording.commandBuffer[Symbol.dispose]();
    recording.fence[Symbol.dispose]();
  }

  #drop(program: PlaneProgram, kernel: CompiledKernel): void {
    this.#compiled.delete(program);
    this.#forgetRecordings(kernel);
    kernel.lease.release();
  }
}

const capacityOf = (wish: PlaneWish): number => (wish === "places" ? PLACES_MAX : DOUBTS_MAX);
