/**
 * What permissions and selectors see of everything that can be pointed at: its labels, told by the domain that has it, in the transaction
 * that changes them. Findings, plans and rollouts ask here whether what they are about is in somebody's reach, so that a change of
 * labels counts everywhere at once. What is gone keeps its last labels: its history is for those who could see it.
 */
export { fitting, inReach, putAsset, reached, removeAsset } from "./store.ts";
