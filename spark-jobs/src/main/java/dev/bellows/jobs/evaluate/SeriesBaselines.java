package dev.bellows.jobs.evaluate;

import dev.bellows.engine.classic.LeastSquares;
import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.DataShard;
import dev.bellows.jobs.block.SeriesReader;
import dev.bellows.jobs.block.SparkFailures;
import dev.bellows.jobs.source.SeriesShape;
import dev.bellows.jobs.table.SeriesInput;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;

/**
 * What a model of a series must beat, measured on the same rows in the same scale:
 *
 * <ul>
 *   <li>repeat_last: each target keeps its last seen value;
 *   <li>linear: least squares in closed form from the L seen steps of a target and a constant to
 *       its H following ones, one set of weights for all targets (A. Zeng et al., "Are Transformers
 *       effective for time series forecasting?", AAAI 2023), fitted to the training windows as the
 *       network sees them.
 * </ul>
 *
 * <p>Sums are made per data shard and added in shard order: the same bits for any partitioning.
 */
public final class SeriesBaselines {
  /** On half the squared weights, so that steps that repeat each other are no fault. */
  private static final double PENALTY = 1;

  private SeriesBaselines() {}

  /**
   * Mean squared and absolute errors over all steps of all targets.
   *
   * @param train shards that the line is fitted to
   * @param rows blocks that are measured
   * @return name of the baseline to {@code mse} and {@code mae}
   */
  public static Map<String, Map<String, Double>> of(
      SeriesInput series, JavaRDD<DataShard> train, JavaRDD<DataShard> rows) {
    double[][] line = fit(series, train);
    double[] sums = new double[5];
    for (double[] part : collect(rows.map(shard -> errors(series, line, shard)))) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += part[i + 1];
      }
    }
    Map<String, Map<String, Double>> all = new LinkedHashMap<>();
    all.put("repeat_last", figures(sums[1] / sums[0], sums[2] / sums[0]));
    all.put("linear", figures(sums[3] / sums[0], sums[4] / sums[0]));
    return all;
  }

  private static Map<String, Double> figures(double squared, double absolute) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("mse", squared);
    figures.put("mae", absolute);
    return figures;
  }

  /** Parts whose first number is a shard, in the order of the shards. */
  private static List<double[]> collect(JavaRDD<double[]> parts) {
    return SparkFailures.unwrap(() -> parts.collect()).stream()
        .sorted(Comparator.comparingDouble(part -> part[0]))
        .toList();
  }

  /** [L + 1, H] weights, the last row those of the constant. */
  private static double[][] fit(SeriesInput series, JavaRDD<DataShard> train) {
    int columns = series.shape().input() + 1;
    int horizon = series.shape().horizon();
    double[][] squares = new double[columns][columns];
    double[][] products = new double[columns][horizon];
    for (double[] part : collect(train.map(shard -> moments(series, shard)))) {
      int at = 1;
      for (int i = 0; i < columns; i++) {
        for (int j = 0; j <= i; j++) {
          squares[i][j] += part[at++];
        }
        for (int h = 0; h < horizon; h++) {
          products[i][h] += part[at++];
        }
      }
    }
    for (int i = 0; i < columns; i++) {
      squares[i][i] += PENALTY;
    }
    LeastSquares.solve(squares, products);
    return products;
  }

  /** {shard, then for each column its products with the columns up to it and with the targets}. */
  private static double[] moments(SeriesInput series, DataShard shard) {
    SeriesReader reader = new SeriesReader(series);
    SeriesShape shape = reader.shape();
    int columns = shape.input() + 1;
    int horizon = shape.horizon();
    double[] sums = new double[1 + columns * (columns + 1) / 2 + columns * horizon];
    sums[0] = shard.id();
    double[] past = new double[columns];
    past[columns - 1] = 1;
    float[] target = new float[reader.targetWidth()];
    Block block = shard.block();
    for (int row = 0; row < block.rows(); row++) {
      reader.target(block, row, target, 0);
      for (int k = 0; k < reader.targets(); k++) {
        reader.past(block, row, k, past);
        int at = 1;
        for (int i = 0; i < columns; i++) {
          double x = past[i];
          for (int j = 0; j <= i; j++) {
            sums[at + j] += x * past[j];
          }
          at += i + 1;
          for (int h = 0; h < horizon; h++) {
            sums[at + h] += x * target[k * horizon + h];
          }
          at += horizon;
        }
      }
    }
    return sums;
  }

  /** {shard, numbers, squared and absolute errors of the repetition, those of the line}. */
  private static double[] errors(SeriesInput series, double[][] line, DataShard shard) {
    SeriesReader reader = new SeriesReader(series);
    int columns = reader.shape().input() + 1;
    int horizon = reader.shape().horizon();
    double[] sums = new double[6];
    sums[0] = shard.id();
    double[] past = new double[columns];
    past[columns - 1] = 1;
    float[] target = new float[reader.targetWidth()];
    float[] repeated = new float[target.length];
    double[] predicted = new double[horizon];
    Block block = shard.block();
    for (int row = 0; row < block.rows(); row++) {
      reader.target(block, row, target, 0);
      reader.repeated(block, row, repeated);
      for (int k = 0; k < reader.targets(); k++) {
        reader.past(block, row, k, past);
        java.util.Arrays.fill(predicted, 0);
        for (int i = 0; i < columns; i++) {
          for (int h = 0; h < horizon; h++) {
            predicted[h] += past[i] * line[i][h];
          }
        }
        for (int h = 0; h < horizon; h++) {
          double truth = target[k * horizon + h];
          double still = repeated[k * horizon + h] - truth;
          double off = predicted[h] - truth;
          sums[1]++;
          sums[2] += still * still;
          sums[3] += Math.abs(still);
          sums[4] += off * off;
          sums[5] += Math.abs(off);
        }
      }
    }
    return sums;
  }
}
