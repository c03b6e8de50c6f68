package dev.bellows.ps.client;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Operation;
import dev.bellows.ps.protocol.Target;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Named operations on the whole vector, done by the shards on their ranges; results do not depend
 * on how many shards there are. From {@link PsControl#operations}, and for its one thread.
 *
 * <p>All work on the values of one step, between steps: not while tasks push gradients of it. Those
 * that change values have an id that must grow; calling again with the same id and arguments, after
 * a failure, changes nothing twice.
 */
public final class PsOperations {
  private static final int LEFT_GRADIENT = 2;
  private static final int LEFT_HESSIAN = 3;
  private static final int GRADIENT = 4;
  private static final int HESSIAN = 5;

  private final PsControl control;

  PsOperations(PsControl control) {
    this.control = control;
  }

  /**
   * Elements that an operation is about.
   *
   * @param step the present step
   * @param slot 0: parameters, 1..n: optimiser slots
   * @param from first global element
   * @param to one past the last
   */
  public record Range(long step, int slot, int from, int to) {}

  /**
   * An element.
   *
   * @param index its global index
   * @param value its value
   */
  public record Element(int index, float value) {}

  /**
   * A split of a tree node; sums in the fixed point of the histograms.
   *
   * @param feature the feature, or -1 when no split gains anything
   * @param bin last bin of the left child
   * @param gain gain
   * @param leftGradient sum over the left child
   * @param leftHessian sum over the left child
   * @param gradient sum over the node
   * @param hessian sum over the node
   */
  public record Split(
      long feature,
      long bin,
      double gain,
      long leftGradient,
      long leftHessian,
      long gradient,
      long hessian) {}

  /** Multiplies by a factor. */
  public void scale(long id, Range range, double factor) {
    ask(id, Operation.SCALE, range, new double[] {factor}, new long[0]);
  }

  /** Limits to [low, high]; returns how many elements changed. */
  public long clip(long id, Range range, double low, double high) {
    long changed = 0;
    for (Message.OperateReply reply :
        ask(id, Operation.CLIP, range, new double[] {low, high}, new long[0])) {
      changed += reply.wholes()[0];
    }
    return changed;
  }

  /** Adds normal noise, a function of seed and global index alone; give every call its own seed. */
  public void addNoise(long id, Range range, double deviation, long seed) {
    ask(id, Operation.ADD_NOISE, range, new double[] {deviation}, new long[] {seed});
  }

  /** The Euclidean norm. */
  public double norm(Range range) {
    List<double[]> parts = new ArrayList<>();
    int blocks = 0;
    for (Message.OperateReply reply : ask(0, Operation.NORM, range, new double[0], new long[0])) {
      parts.add(reply.reals());
      blocks += reply.reals().length;
    }
    double[] all = new double[blocks];
    int at = 0;
    for (double[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return UpdateRule.norm(all);
  }

  /**
   * The k elements of largest magnitude, largest first; of equal ones that of the smallest index.
   */
  public List<Element> topK(Range range, int k) {
    List<Element> all = new ArrayList<>();
    for (Message.OperateReply reply :
        ask(0, Operation.TOP_K, range, new double[0], new long[] {k})) {
      for (int i = 0; i < reply.wholes().length; i++) {
        all.add(new Element(Math.toIntExact(reply.wholes()[i]), (float) reply.reals()[i]));
      }
    }
    all.sort(
        Comparator.comparingDouble((Element e) -> -Math.abs(e.value()))
            .thenComparingInt(Element::index));
    return List.copyOf(all.subList(0, Math.min(k, all.size())));
  }

  /**
   * Adds a slice's histogram of a tree node, once however often it is called; features are dealt to
   * shards in order.
   *
   * @param node number of the node
   * @param slice the slice whose rows it sums
   * @param bins bins of each feature
   * @param cells [features, bins, 2]: gradient and hessian in fixed point
   */
  public void addHistogram(long node, int slice, int bins, long[] cells) {
    int features = cells.length / (2 * bins);
    if (features < 1 || cells.length != features * bins * 2) {
      throw new IllegalArgumentException(
          "cells must be [features, " + bins + ", 2], found " + cells.length + " numbers");
    }
    int shards = control.shards();
    control.operate(
        "adding a histogram of node " + node,
        (target, shard) -> {
          int from = Math.toIntExact((long) features * shard / shards);
          int to = Math.toIntExact((long) features * (shard + 1) / shards);
          if (from == to) {
            return null;
          }
          long[] head = {node, slice, from, to - from, bins};
          long[] wholes = Arrays.copyOf(head, head.length + (to - from) * bins * 2);
          System.arraycopy(
              cells, from * bins * 2, wholes, head.length, wholes.length - head.length);
          return message(target, 0, Operation.ADD_HISTOGRAM, WHOLE, new double[0], wholes);
        });
  }

  /**
   * The best split of a node whose slices have all been added.
   *
   * @param features of the histogram, so that shards without any are not asked
   * @param drop whether the histogram is needed no more
   * @param lambda added to hessians, in their fixed point
   * @param minHessian least hessian of a child, in its fixed point
   */
  public Split bestSplit(long node, int features, boolean drop, double lambda, double minHessian) {
    int shards = control.shards();
    Split best = new Split(-1, 0, 0, 0, 0, 0, 0);
    for (Message.OperateReply reply :
        control.operate(
            "the best split of node " + node,
            (target, shard) ->
                (long) features * shard / shards == (long) features * (shard + 1) / shards
                    ? null
                    : message(
                        target,
                        0,
                        Operation.BEST_SPLIT,
                        WHOLE,
                        new double[] {lambda, minHessian},
                        new long[] {node, drop ? 1 : 0}))) {
      long[] w = reply.wholes();
      double gain = reply.reals()[0];
      if (w[0] >= 0 && gain > best.gain()) { // shards hold features in order: the first wins a tie
        best =
            new Split(w[0], w[1], gain, w[LEFT_GRADIENT], w[LEFT_HESSIAN], w[GRADIENT], w[HESSIAN]);
      }
    }
    return best;
  }

  private static final Range WHOLE = new Range(-1, 0, 0, 0);

  private List<Message.OperateReply> ask(
      long id, Operation operation, Range range, double[] reals, long[] wholes) {
    return control.operate(
        operation + " at step " + range.step(),
        (target, shard) -> message(target, id, operation, range, reals, wholes));
  }

  private static Message message(
      Target target, long id, Operation operation, Range range, double[] reals, long[] wholes) {
    return new Message.Operate(
        target, id, operation, range.step(), range.slot(), range.from(), range.to(), reals, wholes);
  }
}
