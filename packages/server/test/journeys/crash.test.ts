import { crashMatrix } from "./crash-matrix.ts";

/** All points with CRASH_MATRIX=all, as the lab tests do; here an evenly spread sample. */
crashMatrix(process.env["CRASH_MATRIX"] === "all" ? "all" : 1);
