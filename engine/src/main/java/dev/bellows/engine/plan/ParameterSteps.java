package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Which steps depend on nothing but parameters and constants: their results stay valid until the
 * parameters change, so that the many slices of a step share one run of them.
 */
final class ParameterSteps {
  private ParameterSteps() {}

  /**
   * @param outputs results that are written to addresses from outside, where others may write too:
   *     these are computed anew in each run
   */
  static boolean[] of(List<Step> steps, Map<Node, Long> outputs) {
    boolean[] once = new boolean[steps.size()];
    Set<Node> fixed = new HashSet<>();
    Set<Node> written = new HashSet<>();
    outputs.keySet().forEach(node -> written.add(Placement.base(node)));
    for (int i = 0; i < once.length; i++) {
      Step step = steps.get(i);
      boolean all =
          step.reads().stream()
              .allMatch(
                  node ->
                      node.op() == Op.PARAMETER
                          || node.op() == Op.CONSTANT
                          || fixed.contains(node));
      boolean asked =
          step.results().stream().anyMatch(node -> written.contains(Placement.base(node)));
      once[i] = all && !asked && !random(step.main().op());
      if (once[i]) {
        fixed.addAll(step.results());
      }
    }
    return once;
  }

  /** Where the parameters that the steps read and the results of those that run once are. */
  static Set<Long> addresses(List<Step> steps, boolean[] once, ToLongFunction<Node> address) {
    Set<Long> addresses = new HashSet<>();
    for (int i = 0; i < once.length; i++) {
      for (Node read : steps.get(i).reads()) {
        if (Placement.base(read).op() == Op.PARAMETER) {
          addresses.add(address.applyAsLong(read));
        }
      }
      if (once[i]) {
        steps.get(i).results().forEach(result -> addresses.add(address.applyAsLong(result)));
      }
    }
    return addresses;
  }

  /** Whether an op's result is another one in each run, even from the same inputs. */
  static boolean random(Op op) {
    return op == Op.DROPOUT || op == Op.RANDOM;
  }
}
