package dev.bellows.engine.plan;

import java.util.List;
import java.util.Locale;

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
   * @param nanos median time of the call; 0 when the plan was not profiled
   */
  public record Call(
      String kernel, String nodes, String shape, long flops, long bytes, long nanos) {
    /** Thousand million FLOPs a second for products, else bytes a second; empty without a time. */
    String rate() {
      if (nanos == 0) {
        return "";
      }
      return flops > 0
          ? String.format(Locale.ROOT, "%.1f GFLOP/s", (double) flops / nanos)
          : String.format(Locale.ROOT, "%.1f GB/s", (double) bytes / nanos);
    }
  }

  /** Sum of the calls' times in nanoseconds; 0 when the plan was not profiled. */
  public long nanos() {
    return calls.stream().mapToLong(Call::nanos).sum();
  }

  /** A table of one line per call with a heading and the totals. */
  public String toText() {
    boolean timed = nanos() > 0;
    int width = calls.stream().mapToInt(call -> call.kernel().length()).max().orElse(0);
    String head = "%-" + Math.max(width, 6) + "s  %-18s %13s %12s";
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, head, "kernel", "shape", "FLOPs", "bytes"));
    text.append(timed ? String.format(Locale.ROOT, " %10s %5s %14s", "us", "%", "rate") : "");
    text.append("  nodes\n");
    for (Call call : calls) {
      text.append(
          String.format(
              Locale.ROOT,
              head,
              call.kernel(),
              call.shape(),
              String.format(Locale.ROOT, "%,d", call.flops()),
              String.format(Locale.ROOT, "%,d", call.bytes())));
      if (timed) {
        text.append(
            String.format(
                Locale.ROOT,
                " %10.1f %5.1f %14s",
                call.nanos() / 1e3,
                100.0 * call.nanos() / nanos(),
                call.rate()));
      }
      text.append("  ").append(call.nodes()).append('\n');
    }
    text.append(
        String.format(
            Locale.ROOT,
            "%d calls for %d rows, %,d FLOPs, arena %,d bytes (%,d without sharing), parameters and gradient"
                + " %,d bytes, kernels %s",
            calls.size(),
            rows,
            flops,
            arenaBytes,
            unsharedBytes,
            parameterBytes,
            kernels));
    if (timed) {
      text.append(
          String.format(
              Locale.ROOT,
              "%n%.1f us, %,.0f rows/s, %.1f GFLOP/s",
              nanos() / 1e3,
              rows * 1e9 / nanos(),
              (double) flops / nanos()));
    }
    return text.append('\n').toString();
  }
}
