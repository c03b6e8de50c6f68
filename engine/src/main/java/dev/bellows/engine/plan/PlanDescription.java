package dev.bellows.engine.plan;

import java.util.List;

/**
 * What a plan will do, for people.
 *
 * @param kernels id of the kernel provider
 * @param rows rows of the batch that the plan is for
 * @param calls the kernel calls in order
 * @param arenaBytes bytes of the arena that holds every intermediate tensor
 * @param unsharedBytes bytes the intermediate tensors would take without sharing memory
 * @param parameterBytes bytes of the parameters and of their gradient
 * @param flops floating-point operations of one run (multiplications and additions of the matrix
 *     products)
 */
public record PlanDescription(
    String kernels,
    int rows,
    List<Call> calls,
    long arenaBytes,
    long unsharedBytes,
    long parameterBytes,
    long flops) {
  public PlanDescription {
    calls = List.copyOf(calls);
  }

  /**
   * One kernel call.
   *
   * @param kernel name of the kernel, fused parts joined by {@code +}
   * @param nodes names of the graph nodes that it computes
   * @param shape shape of its result, like {@code [16, 256]}
   * @param flops floating-point operations
   * @param bytes bytes read and written once each
   */
  public record Call(String kernel, String nodes, String shape, long flops, long bytes) {}

  /** A table of one line per call with a heading and the totals. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format("%-34s %-16s %12s %12s  %s%n", "kernel", "shape", "FLOPs", "bytes", "nodes"));
    for (Call call : calls) {
      text.append(
          String.format(
              "%-34s %-16s %,12d %,12d  %s%n",
              call.kernel(), call.shape(), call.flops(), call.bytes(), call.nodes()));
    }
    text.append(
        String.format(
            "%d calls for %d rows, %,d FLOPs, arena %,d bytes (%,d without sharing), parameters and gradient"
                + " %,d bytes, kernels %s%n",
            calls.size(), rows, flops, arenaBytes, unsharedBytes, parameterBytes, kernels));
    return text.toString();
  }
}
