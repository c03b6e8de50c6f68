package dev.bellows.engine.plan;

import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rounds a result where it is made: in mixed precision the convolution after a batch normalisation
 * reads the rounded tensor alone, so that the exact one is never written.
 */
final class RoundingFusion {
  /** Steps whose kernels write a rounded copy of their main result. */
  private static final Set<StepKind> KINDS =
      EnumSet.of(StepKind.BATCH_NORM_FORWARD, StepKind.BATCH_NORM_BACKWARD);

  private final Fusion fusion;
  private final Map<Node, Integer> nodeReaders = new HashMap<>();
  private final Map<Node, Integer> stepReaders = new HashMap<>();

  /** After all other fusions. */
  RoundingFusion(Fusion fusion) {
    this.fusion = fusion;
    Set<Step> steps = new HashSet<>();
    for (Node node : fusion.computed()) {
      node.inputs().forEach(input -> nodeReaders.merge(input, 1, Integer::sum));
      if (!Fusion.isSource(node.op())) {
        steps.add(fusion.step(node));
      }
    }
    for (Step step : steps) {
      step.reads().forEach(read -> stepReaders.merge(read, 1, Integer::sum));
    }
  }

  void run() {
    for (Node node : fusion.computed()) {
      if (node.op() == Op.CONVERT && fusion.free(node)) {
        round(node);
      }
    }
  }

  private void round(Node convert) {
    Node exact = convert.input(0);
    Step step = fusion.step(exact);
    if (!KINDS.contains(step.kind()) || exact != step.main() || step.part(Op.CONVERT) != null) {
      return;
    }
    List<Node> results = new ArrayList<>(step.results());
    boolean asked = fusion.uses(exact) > nodeReaders.getOrDefault(exact, 0);
    if (!asked && stepReaders.getOrDefault(exact, 0) == 1) {
      results.remove(exact);
    }
    results.add(convert);
    List<Node> parts = new ArrayList<>(step.parts());
    parts.add(convert);
    fusion.set(new Step(step.kind(), step.main(), results, parts, step.reads()));
  }
}
