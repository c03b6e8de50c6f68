package dev.bellows.ps.sim;

import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.ps.codec.Codec;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Message.CodedStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A made-up training problem: a slice's gradient is a function of (seed, step, slice, parameters),
 * with magnitudes from 1e-3 to 1e3 so that any other order of summation shows in the bits. {@link
 * #versions} is the truth: one plain loop, no shards, no chunks, the tree written as recursion.
 */
public final class Workload {
  public final long seed;
  public final int length;
  public final int slices;
  public final UpdateSpec spec;
  public final long stepsPerEpoch;
  public final long totalSteps;

  /** Steps whose slice {@link #badSlice} is not finite. */
  public final java.util.function.LongPredicate badStep;

  public final int badSlice;

  /** How gradients and parameters are coded. */
  public final Compression compression;

  private final List<float[]> versions = new ArrayList<>();
  private final List<float[]> values = new ArrayList<>();
  private final List<float[][]> residuals = new ArrayList<>();
  private final List<CodedStep> codes = new ArrayList<>();
  private final List<double[]> totals = new ArrayList<>();
  private final float[][] slots;

  public Workload(
      long seed,
      int length,
      int slices,
      UpdateSpec spec,
      long totalSteps,
      java.util.function.LongPredicate badStep,
      int badSlice) {
    this(seed, length, slices, spec, totalSteps, badStep, badSlice, Compression.NONE);
  }

  /** A workload whose gradients and parameters are coded. */
  public Workload(
      long seed,
      int length,
      int slices,
      UpdateSpec spec,
      long totalSteps,
      java.util.function.LongPredicate badStep,
      int badSlice,
      Compression compression) {
    this.compression = compression;
    this.seed = seed;
    this.length = length;
    this.slices = slices;
    this.spec = spec;
    this.stepsPerEpoch = Math.max(1, totalSteps / 2);
    this.totalSteps = totalSteps;
    this.badStep = badStep;
    this.badSlice = badSlice;
    this.slots = new float[new UpdateRule(spec).slots()][length];
    versions.add(initial());
    values.add(initial());
    residuals.add(new float[compression.usedUnits(slices)][length]);
  }

  /** A workload without non-finite gradients. */
  public static Workload of(long seed, int length, int slices, UpdateSpec spec, long totalSteps) {
    return new Workload(seed, length, slices, spec, totalSteps, step -> false, -1);
  }

  public float[] initial() {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (Mix64.unit(Mix64.mix(seed * 31 + i)) - 0.5);
    }
    return values;
  }

  public boolean isFinite(long step, int slice) {
    return !(badStep.test(step) && slice == badSlice);
  }

  /** Fills the gradient sum of a slice and its four scalars. */
  public void gradient(
      long step, int slice, float[] parameters, float[] gradient, double[] scalars) {
    long key = Mix64.mix(seed ^ Mix64.mix(step * 4099 + slice));
    float scale = (float) Math.pow(10, (key & 0xff) / 255.0 * 6 - 3);
    for (int i = 0; i < length; i++) {
      long bits = (key + i) * 0x9E3779B97F4A7C15L;
      bits ^= bits >>> 29;
      gradient[i] = scale * ((bits & 0xffff) - 32768) * 0x1p-15f + 0.01f * parameters[i];
    }
    if (!isFinite(step, slice)) {
      gradient[length / 2] = Float.NaN;
    }
    scalars[0] = 1 + (key >>> 8 & 7) / 3.0;
    scalars[1] = scalars[0] * scale;
    scalars[2] = key >>> 16 & 31;
    scalars[3] = 1 + (key >>> 8 & 7);
  }

  /** Parameters on the shards after so many steps; without compression those that tasks read. */
  public float[] values(long version) {
    version(version);
    return values.get((int) version);
  }

  /** What the units have not sent after so many steps [units][length]. */
  public float[][] residuals(long version) {
    version(version);
    return residuals.get((int) version);
  }

  /** What the codes of a step took and left out. */
  public CodedStep codes(long step) {
    version(step + 1);
    return codes.get((int) step);
  }

  /** Parameters that tasks read after so many steps, computed in one thread and one piece. */
  public float[] version(long version) {
    while (versions.size() <= version) {
      next();
    }
    return versions.get((int) version);
  }

  /** Weight, loss, metric and rows of a finished step. */
  public double[] totals(long step) {
    version(step + 1);
    return totals.get((int) step);
  }

  private void next() {
    long step = versions.size() - 1;
    float[] before = versions.get((int) step);
    float[] after = values.get((int) step).clone();
    float[][] g = new float[slices][length];
    double[][] s = new double[slices][4];
    boolean finite = true;
    for (int slice = 0; slice < slices; slice++) {
      gradient(step, slice, before, g[slice], s[slice]);
      finite &= isFinite(step, slice);
    }
    int leaves = Integer.highestOneBit(Math.max(1, 2 * slices - 1));
    double[] bytesAndSquares = new double[4];
    if (compression.isNone()) {
      sum(g, s, 0, leaves, 1);
    } else {
      code(g, s, bytesAndSquares);
      sum(g, s, 0, leaves, 1 << compression.level(slices));
    }
    totals.add(s[0]);
    if (finite) {
      UpdateRule rule = new UpdateRule(spec);
      double norm = UpdateRule.norm(rule.blockSquares(g[0], length, 0));
      float clip = rule.clipFactor(norm, s[0][0]);
      rule.apply(
          step + 1,
          spec.rate(step, stepsPerEpoch, totalSteps),
          s[0][0],
          clip,
          after,
          g[0],
          slots,
          0,
          length,
          0);
    }
    values.add(after);
    versions.add(compression.isNone() ? after : view(before, after, bytesAndSquares));
    codes.add(
        new CodedStep(
            (long) bytesAndSquares[0],
            (long) bytesAndSquares[1],
            bytesAndSquares[2],
            bytesAndSquares[3]));
  }

  /** Leaves in each unit's first row what its code says; the rest is its residual. */
  private void code(float[][] g, double[][] s, double[] bytesAndSquares) {
    int width = 1 << compression.level(slices);
    float[][] kept = residuals.get(residuals.size() - 1);
    float[][] next = new float[kept.length][];
    for (int unit = 0; unit < kept.length; unit++) {
      float[] sum = g[unit * width];
      sum(g, s, unit * width, width, 1);
      boolean finite = true;
      for (float value : sum) {
        finite &= Float.isFinite(value);
      }
      float[] wanted = kept[unit].clone();
      if (finite) {
        for (int i = 0; i < length; i++) {
          wanted[i] = kept[unit][i] + sum[i];
        }
        bytesAndSquares[2] += Codec.squares(wanted, length);
      }
      float[] coded = finite ? wanted : new float[length];
      Arrays.fill(sum, 0f);
      bytesAndSquares[0] += pass(compression.up(), coded, sum);
      bytesAndSquares[3] += finite ? Codec.squares(coded, length) : 0;
      next[unit] = wanted;
    }
    residuals.add(next);
  }

  /** What workers have after the coded change to the new values. */
  private float[] view(float[] before, float[] after, double[] bytesAndSquares) {
    float[] difference = new float[length];
    for (int i = 0; i < length; i++) {
      difference[i] = after[i] - before[i];
    }
    float[] view = before.clone();
    bytesAndSquares[1] += pass(compression.down(), difference, view);
    return view;
  }

  /** Codes values, leaves the remainder there, and adds what was sent; returns its bytes. */
  private int pass(Codec codec, float[] remainder, float[] into) {
    byte[] code = new byte[codec.maxBytes(length)];
    int bytes = codec.encode(remainder, 0, length, code, 0);
    codec.add(code, 0, bytes, into, 0, length);
    return bytes;
  }

  /** Leaves the sum of [from, from + width) in row {@code from}, of parts of some width. */
  private void sum(float[][] g, double[][] s, int from, int width, int part) {
    if (width <= part) {
      return;
    }
    int half = width / 2;
    sum(g, s, from, half, part);
    int right = from + half;
    if (right < slices) {
      sum(g, s, right, half, part);
      for (int i = 0; i < length; i++) {
        g[from][i] = g[from][i] + g[right][i];
      }
      for (int i = 0; i < 4; i++) {
        s[from][i] = s[from][i] + s[right][i];
      }
    }
  }
}
