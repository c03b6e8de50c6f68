package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.ChoiceParameter;
import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.NumberParameter;
import dev.bellows.jobs.space.Parameter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.commons.math3.util.FastMath;
import org.jspecify.annotations.Nullable;

/**
 * A density over some parameters: a mixture of one product kernel per observed configuration and
 * one wide prior.
 *
 * <pre>
 * p(x) = sum_k w_k prod_j kernel_kj(x_j)
 * kernel of a number: normal, cut to its range; of whole or stepped numbers its mass in a cell
 *   sigma = the larger distance to the neighbours among the observed (range ends at the outside do
 *   not count when there are two or more), clipped to [range / min(100, 1 + kernels), range]
 * kernel of a choice: (1 + 1/kernels) for the observed value, 1/kernels for the others, normalised
 * </pre>
 *
 * As {@code _ParzenEstimator} of Optuna 5.0.0 with its defaults (prior weight 1, magic clip, no end
 * points).
 */
final class ParzenEstimator {
  private static final int RECENT = 25;

  private final List<Parameter> parameters;
  private final int kernels;
  private final double[] logWeights; // [kernels], the prior last
  private final double[] cumulated; // [kernels]
  private final Axis[] axes;

  /**
   * @param parameters what it is a density of
   * @param observed configurations that have all of them, oldest first
   */
  ParzenEstimator(List<Parameter> parameters, List<Configuration> observed) {
    this.parameters = parameters;
    this.kernels = observed.size() + 1;
    double[] weights = Arrays.copyOf(weights(observed.size()), kernels);
    weights[kernels - 1] = 1;
    double sum = Arrays.stream(weights).sum();
    this.logWeights = Arrays.stream(weights).map(w -> FastMath.log(w / sum)).toArray();
    this.cumulated = new double[kernels];
    double below = 0;
    for (int k = 0; k < kernels; k++) {
      below += weights[k] / sum;
      cumulated[k] = below;
    }
    this.axes = new Axis[parameters.size()];
    for (int j = 0; j < axes.length; j++) {
      Parameter parameter = parameters.get(j);
      List<@Nullable Object> values =
          observed.stream().<@Nullable Object>map(c -> c.get(parameter.name())).toList();
      axes[j] =
          parameter instanceof ChoiceParameter choice
              ? new ChoiceAxis(choice, values)
              : new NumberAxis((NumberParameter) parameter, values);
    }
  }

  /**
   * The weights of observations, oldest first: the last 25 count fully, older ones less and less.
   */
  static double[] weights(int count) {
    double[] weights = new double[count];
    int ramp = count - RECENT;
    for (int i = 0; i < count; i++) {
      weights[i] =
          i >= ramp
              ? 1
              : ramp == 1 ? 1.0 / count : 1.0 / count + (1 - 1.0 / count) * i / (ramp - 1);
    }
    return weights;
  }

  /** Draws a value for each parameter. */
  Map<String, @Nullable Object> draw(Draws draws) {
    double where = draws.uniform();
    int kernel = 0;
    while (kernel < kernels - 1 && cumulated[kernel] <= where) {
      kernel++;
    }
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (int j = 0; j < axes.length; j++) {
      values.put(parameters.get(j).name(), axes[j].draw(kernel, draws.uniform()));
    }
    return values;
  }

  /** The logarithm of the density of such values. */
  double logDensity(Map<String, ? extends @Nullable Object> values) {
    double[] logs = logWeights.clone();
    for (int j = 0; j < axes.length; j++) {
      axes[j].addLogDensity(values.get(parameters.get(j).name()), logs);
    }
    double max = Arrays.stream(logs).max().orElse(0);
    if (max == Double.NEGATIVE_INFINITY) {
      return max;
    }
    double sum = 0;
    for (double log : logs) {
      sum += FastMath.exp(log - max);
    }
    return FastMath.log(sum) + max;
  }

  /** One coordinate of all kernels. */
  private interface Axis {
    @Nullable Object draw(int kernel, double uniform);

    void addLogDensity(@Nullable Object value, double[] logs);
  }

  private static final class ChoiceAxis implements Axis {
    private final ChoiceParameter parameter;
    private final double[][] weights; // [kernels, values]

    ChoiceAxis(ChoiceParameter parameter, List<@Nullable Object> observed) {
      this.parameter = parameter;
      int kernels = observed.size() + 1;
      int values = parameter.values().size();
      this.weights = new double[kernels][values];
      for (int k = 0; k < kernels; k++) {
        Arrays.fill(weights[k], 1.0 / kernels);
        if (k < observed.size()) {
          weights[k][parameter.indexOf(observed.get(k))] += 1;
        }
        double sum = Arrays.stream(weights[k]).sum();
        for (int i = 0; i < values; i++) {
          weights[k][i] /= sum;
        }
      }
    }

    @Override
    public @Nullable Object draw(int kernel, double uniform) {
      double below = 0;
      int last = weights[kernel].length - 1;
      for (int i = 0; i < last; i++) {
        below += weights[kernel][i];
        if (uniform < below) {
          return parameter.level(i);
        }
      }
      return parameter.level(last);
    }

    @Override
    public void addLogDensity(@Nullable Object value, double[] logs) {
      int index = parameter.indexOf(value);
      for (int k = 0; k < logs.length; k++) {
        logs[k] += FastMath.log(weights[k][index]);
      }
    }
  }

  private static final class NumberAxis implements Axis {
    private final NumberParameter parameter;
    private final double low;
    private final double high;
    private final double[] mean; // [kernels] on the scale
    private final double[] sigma; // [kernels]
    private final double[] logMass; // [kernels] of the range
    private final double[] logWidth; // [kernels] ln sigma
    private final Map<Double, double[]> masses = new HashMap<>(); // by value: many draws are equal

    NumberAxis(NumberParameter parameter, List<@Nullable Object> observed) {
      this.parameter = parameter;
      this.low = parameter.scaleLow();
      this.high = parameter.scaleHigh();
      int count = observed.size();
      this.mean = new double[count + 1];
      for (int k = 0; k < count; k++) {
        mean[k] = parameter.scale(parameter.number(observed.get(k)));
      }
      mean[count] = 0.5 * (low + high);
      this.sigma = sigmas(Arrays.copyOf(mean, count), low, high);
      this.logWidth = Arrays.stream(sigma).map(FastMath::log).toArray();
      this.logMass = new double[count + 1];
      for (int k = 0; k <= count; k++) {
        logMass[k] =
            FastMath.log(Normal.mass((low - mean[k]) / sigma[k], (high - mean[k]) / sigma[k]));
      }
    }

    private static double[] sigmas(double[] mean, double low, double high) {
      int count = mean.length;
      double range = high - low;
      double least = range / Math.min(100.0, 2.0 + count);
      int[] order =
          IntStream.range(0, count)
              .boxed()
              .sorted(Comparator.comparingDouble(k -> mean[k]))
              .mapToInt(k -> k)
              .toArray();
      double[] sigma = new double[count + 1];
      for (int i = 0; i < count; i++) {
        double here = mean[order[i]];
        double left = i > 0 ? here - mean[order[i - 1]] : count > 1 ? 0 : here - low;
        double right = i < count - 1 ? mean[order[i + 1]] - here : count > 1 ? 0 : high - here;
        sigma[order[i]] = Math.min(range, Math.max(least, Math.max(left, right)));
      }
      sigma[count] = range;
      return sigma;
    }

    @Override
    public Object draw(int kernel, double uniform) {
      double m = mean[kernel];
      double s = sigma[kernel];
      double from = Normal.below((low - m) / s);
      double to = Normal.below((high - m) / s);
      double place = m + s * Normal.quantile(from + uniform * (to - from));
      return parameter.fromScale(Math.min(high, Math.max(low, place)));
    }

    @Override
    public void addLogDensity(@Nullable Object value, double[] logs) {
      double number = parameter.number(value);
      double[] here =
          parameter.step() == 0
              ? densities(parameter.scale(number))
              : masses.computeIfAbsent(number, this::masses);
      for (int k = 0; k < logs.length; k++) {
        logs[k] += here[k];
      }
    }

    private double[] densities(double at) {
      double[] logs = new double[mean.length];
      for (int k = 0; k < logs.length; k++) {
        logs[k] = Normal.logDensity((at - mean[k]) / sigma[k]) - logWidth[k] - logMass[k];
      }
      return logs;
    }

    private double[] masses(double number) {
      double left = parameter.scale(number - parameter.step() / 2);
      double right = parameter.scale(number + parameter.step() / 2);
      double[] logs = new double[mean.length];
      for (int k = 0; k < logs.length; k++) {
        double mass = Normal.mass((left - mean[k]) / sigma[k], (right - mean[k]) / sigma[k]);
        logs[k] = FastMath.log(mass) - logMass[k];
      }
      return logs;
    }
  }
}
