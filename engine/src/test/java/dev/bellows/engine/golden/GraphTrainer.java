package dev.bellows.engine.golden;

import dev.bellows.engine.graph.Gradients;
import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.Node;
import dev.bellows.engine.graph.Op;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.kernel.Kernels;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.plan.GraphPlan;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.tensor.Memory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A whole training step of any graph: forward, backward and update of one flat vector that holds
 * the PARAMETER nodes in the order in which they were made.
 */
public final class GraphTrainer implements AutoCloseable {
  private final Kernels kernels;
  private final GraphPlan plan;
  private final Map<Node, Long> sources = new HashMap<>();
  private final Node loss;
  private final long parameters;
  private final long gradients;
  private final UpdateRule rule;
  private final double rate;
  private final float[] gradient;
  private final float[][] slots;
  private long steps;

  /** The flat vector; written to the plan by {@link #step} and {@link #load}. */
  public final float[] flat;

  /**
   * Compiles forward and backward pass.
   *
   * @param loss a scalar
   * @param optimizer with a constant rate; its weight decay applies to every parameter, as
   *     PyTorch's does
   */
  public GraphTrainer(
      Graph graph,
      Node loss,
      KernelProvider provider,
      PlanOptions options,
      OptimizerSpec optimizer) {
    this(graph, loss, provider, options, optimizer, 0);
  }

  /**
   * Compiles forward and backward pass.
   *
   * @param l2 what PyTorch's SGD calls weight decay: l2 w is added to the gradient
   */
  public GraphTrainer(
      Graph graph,
      Node loss,
      KernelProvider provider,
      PlanOptions options,
      OptimizerSpec optimizer,
      double l2) {
    List<Node> trained = new ArrayList<>();
    int length = 0;
    for (Node node : graph.nodes()) {
      if (node.op() == Op.PARAMETER) {
        trained.add(node);
        length += (int) node.shape().size();
      }
    }
    Map<Node, Node> byParameter = Gradients.reverse(graph, loss, trained);
    this.loss = loss;
    this.flat = new float[length];
    this.gradient = new float[length];
    this.rate = optimizer.learningRate();
    this.rule = new UpdateRule(penalised(optimizer, l2, length));
    this.slots = new float[this.rule.slots()][length];
    this.parameters = Memory.allocate(4L * length);
    this.gradients = Memory.allocate(4L * length);
    Map<Node, Long> outputs = new LinkedHashMap<>();
    outputs.put(loss, 0L);
    long at = 0;
    for (Node node : trained) {
      sources.put(node, parameters + at);
      outputs.put(byParameter.get(node), gradients + at);
      at += 4 * node.shape().size();
    }
    for (Node node : graph.nodes()) {
      if (node.op() == Op.INPUT) {
        sources.put(node, Memory.allocate(node.shape().size() * node.dtype().bytes()));
      }
    }
    this.kernels = provider.open();
    this.plan = GraphPlan.compile(graph, sources, outputs, kernels, options);
  }

  private static UpdateSpec penalised(OptimizerSpec optimizer, double l2, int length) {
    UpdateSpec plain = UpdateSpec.plain(optimizer, length);
    return new UpdateSpec(
        optimizer, plain.schedule(), 0, l2, 0, 0, plain.nanPolicy(), plain.ranges());
  }

  /** Address of an INPUT, to write a batch to. */
  public long input(Node node) {
    return sources.get(node);
  }

  /** Copies {@link #flat} to the plan. */
  public void load() {
    Memory.copyIn(flat, 0, parameters, flat.length);
    plan.parametersChanged();
  }

  /** Forward and backward pass; returns the loss. */
  public double run() {
    plan.run();
    return Memory.getFloat(plan.address(loss));
  }

  /** A whole step; returns the loss before the update. */
  public double step() {
    double value = run();
    Memory.copyOut(gradients, gradient, 0, gradient.length);
    steps++;
    rule.apply(steps, rate, 1, 1, flat, gradient, slots, 0, flat.length, 0);
    load();
    return value;
  }

  /** The plan, for its description. */
  public GraphPlan plan() {
    return plan;
  }

  @Override
  public void close() {
    plan.close();
    kernels.close();
    sources.forEach(
        (node, address) -> {
          if (node.op() == Op.INPUT) {
            Memory.free(address);
          }
        });
    Memory.free(parameters);
    Memory.free(gradients);
  }
}
