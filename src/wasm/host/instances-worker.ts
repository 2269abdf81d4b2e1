/** A thread of the host engine: it holds instances, and does what it is asked for, one request after the other. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { HostInstances } from "./host-instances.ts";
import type { ImportAnswer, ThreadData, ThreadMessage, ThreadRequest } from "./protocol.ts";
import { ImportFailure } from "./traps.ts";

const data = workerData as ThreadData;
const port = parentPort!;
const send = (message: ThreadMessage): void => port.postMessage(message);

/** Asks the main thread for the answer of a host function, and sleeps until it is there. */
function callHost(index: number, args: readonly (number | bigint)[]): unknown {
  const before = Atomics.load(data.answered, 0);
  send({ kind: "import", import: index, args });
  while (Atomics.load(data.answered, 0) === before) Atomics.wait(data.answered, 0, before);
  const answer = receiveMessageOnPort(data.answers)!.message as ImportAnswer;
  if ("thrown" in answer) throw new ImportFailure(answer.thrown);
  return answer.value;
}

/** Names may be anything: these objects inherit nothing. */
const namesOf = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;
const imports = namesOf<Record<string, unknown>>();
for (const [index, { module, name }] of data.imports.entries())
  (imports[module] ??= namesOf())[name] = (...args: (number | bigint)[]) => callHost(index, args);

const instances = new HostInstances(data.program, imports);

function answer(request: ThreadRequest): unknown {
  switch (request.kind) {
    case "call":
      return instances.call(request.call);
    case "read":
      return instances.memory(request.instance).slice(request.offset, request.offset + request.length);
    case "write":
      return instances.memory(request.instance).set(request.bytes, request.offset);
    case "global":
      return instances.global(request.instance, request.index, request.type);
    case "size":
      return instances.memory(request.instance).length;
    case "fill":
      return instances.fill(data.instances);
  }
}

port.on("message", (request: ThreadRequest) => {
  try {
    send({ kind: "done", value: answer(request) });
  } catch (error) {
    send({ kind: "failed", error });
  }
});
