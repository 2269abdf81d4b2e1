// wasm-program.glsl: the program without a function, which leaves all instances to the interpreter. It shows what the
// file has that src/wasm/compile/program-glsl.ts makes for a program.

// Loads the globals and the sizes of memories.
void beginProgram() {}

// Loads the function that `resume` lies in. Returns whether there is such a function.
bool loadFrame() { return false; }

// Runs until the instance is parked.
void runProgram() {}

// Stores the variables of all open calls, and their frames.
void saveFrames() {}

// Stores the globals.
void endProgram() {}
