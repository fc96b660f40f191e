import { crashMatrix } from "../packages/server/test/journeys/crash-matrix.ts";

crashMatrix("all");
