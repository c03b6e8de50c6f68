package dev.bellows.engine.metric.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bellows.engine.metric.MetricSet;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.PoissonBootstrap;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  private static final double[] X = {
    0.8, 1.232, 0.344, 0.715, 2.234, 2.266, 0.134, 0.232, 0.053, 0.581, 0.03, 0.61, 1.047, 0.326,
    1.128, 0.894, 0.024, 0.818, 0.3, 0.536
  };
  private static final long[] KEYS = LongStream.range(0, X.length).toArray();

  // scipy 1.17.1: reps = .45 + .6 * ((i * 7919 % 999 + .5) / 999)**2 for i < 999
  // scipy.stats._resampling._bca_interval((x,), mean, -1, .025, reps): shares, then
  // percentile(reps)
  @Test
  void intervals_of_given_replicates() {
    double[] replicates = new double[999];
    for (int i = 0; i < 999; i++) {
      replicates[i] = .45 + .6 * Math.pow((i * 7919 % 999 + .5) / 999, 2);
    }
    double sum = Arrays.stream(X).sum();
    double[] jackknife = Arrays.stream(X).map(x -> (sum - x) / 19).toArray();
    Bootstrap bootstrap = new Bootstrap(sum / 20, replicates, jackknife);
    Interval bca = bootstrap.bca(.95);
    assertThat(bca.low()).isCloseTo(0.46482000935650475, within(1e-9));
    assertThat(bca.high()).isCloseTo(1.0482669187297424, within(1e-9));
    Interval percentile = bootstrap.percentile(.95);
    assertThat(percentile.low()).isCloseTo(0.45038943, within(1e-8));
    assertThat(percentile.high()).isCloseTo(1.01981886, within(1e-8));
    assertThat(bootstrap.standardError()).isCloseTo(0.1789749256403923, within(1e-9));
  }

  // scipy.stats.bootstrap((x,), mean, n_resamples=99999, random_state=1): BCa (.49035, 1.05815),
  // percentile (.46185, 1.00805). Poisson weights of 20 rows spread a little wider.
  @Test
  void resampled_mean_is_near_scipys() {
    Bootstrap bootstrap = Bootstrap.of(WeightedStatistic.mean(X), KEYS, 20_000, 1);
    assertThat(bootstrap.estimate()).isCloseTo(.7152, within(1e-12));
    Interval bca = bootstrap.bca(.95);
    assertThat(bca.low()).isCloseTo(.49035, within(.02));
    assertThat(bca.high()).isCloseTo(1.05815, within(.04));
    Interval percentile = bootstrap.percentile(.95);
    assertThat(percentile.low()).isCloseTo(.46185, within(.02));
    assertThat(percentile.high()).isCloseTo(1.00805, within(.03));
  }

  @Test
  void order_of_rows_does_not_matter() {
    int[] order = {7, 3, 0, 19, 12, 1, 2, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18};
    double[] x = Arrays.stream(order).mapToDouble(i -> X[i]).toArray();
    long[] keys = Arrays.stream(order).mapToLong(i -> KEYS[i]).toArray();
    Interval a = Bootstrap.of(WeightedStatistic.mean(X), KEYS, 500, 3).bca(.9);
    Interval b = Bootstrap.of(WeightedStatistic.mean(x), keys, 500, 3).bca(.9);
    assertThat(b.low()).isCloseTo(a.low(), within(1e-12));
    assertThat(b.high()).isCloseTo(a.high(), within(1e-12));
  }

  /** Ten rows that always agree tell no more than one: the cluster's key widens the interval. */
  @Test
  void clusters_stay_together() {
    double[] x = new double[200];
    long[] rows = new long[200];
    long[] clusters = new long[200];
    for (int i = 0; i < 200; i++) {
      x[i] = X[i / 10];
      rows[i] = i;
      clusters[i] = i / 10;
    }
    double byRow = Bootstrap.of(WeightedStatistic.mean(x), rows, 2000, 5).standardError();
    double byCluster = Bootstrap.of(WeightedStatistic.mean(x), clusters, 2000, 5).standardError();
    assertThat(byCluster / byRow).isCloseTo(Math.sqrt(10), within(.4));
  }

  @Test
  void intervals_cover_the_true_mean_as_often_as_they_say() {
    int covered = 0;
    for (int e = 0; e < 300; e++) {
      double[] x = new double[100];
      for (int i = 0; i < x.length; i++) {
        x[i] = -Math.log(1 - Mix64.unit(Mix64.mix(e * 1000L + i))); // exponential: mean 1
      }
      long[] keys = LongStream.range(0, 100).toArray();
      covered += Bootstrap.of(WeightedStatistic.mean(x), keys, 400, e).bca(.9).contains(1) ? 1 : 0;
    }
    assertThat(covered / 300.0).isBetween(.85, .94); // .9 with three errors of 300 trials
  }

  @Test
  void area_under_the_curve_equals_the_metrics() {
    int n = 500;
    float[] scores = new float[n];
    boolean[] positive = new boolean[n];
    double[] weights = new double[n];
    MetricSet set = MetricSet.classification(2, List.of("auc"));
    for (int i = 0; i < n; i++) {
      scores[i] = Math.round(Mix64.unit(Mix64.mix(i)) * 50) / 50f;
      positive[i] = Mix64.unit(Mix64.mix(i + 10_000)) < scores[i];
      weights[i] = PoissonBootstrap.weight(1, 0, i);
      set.add(scores, 1, i, positive[i] ? 1 : 0, (float) weights[i]);
    }
    assertThat(WeightedStatistic.auc(scores, positive).of(weights))
        .isCloseTo(set.result().get("auc"), within(1e-12));
    assertThat(WeightedStatistic.auc(scores, positive).of(new double[n])).isNaN();
  }

  @Test
  void paired_difference() {
    double[] worse = Arrays.stream(X).map(x -> x + .05 + .02 * Math.sin(40 * x)).toArray();
    Bootstrap difference =
        Bootstrap.of(WeightedStatistic.mean(worse).minus(WeightedStatistic.mean(X)), KEYS, 999, 2);
    assertThat(difference.percentile(.95).low()).isPositive();
    assertThat(difference.p()).isEqualTo(2 / 1000.0);
    double[] noise = Arrays.stream(X).map(x -> x + .02 * Math.sin(40 * x)).toArray();
    assertThat(
            Bootstrap.of(
                    WeightedStatistic.mean(noise).minus(WeightedStatistic.mean(X)), KEYS, 999, 2)
                .p())
        .isGreaterThan(.05);
  }

  @Test
  void poisson_weights_have_mean_and_variance_1_and_two_samples_share_two_fifths_of_the_rows() {
    int n = 200_000;
    double sum = 0;
    double squares = 0;
    int none = 0;
    int both = 0;
    for (int i = 0; i < n; i++) {
      int a = PoissonBootstrap.weight(9, 0, i);
      int b = PoissonBootstrap.weight(9, 1, i);
      sum += a;
      squares += (double) a * a;
      none += a == 0 ? 1 : 0;
      both += a > 0 && b > 0 ? 1 : 0;
    }
    assertThat(sum / n).isCloseTo(1, within(.01));
    assertThat(squares / n).isCloseTo(2, within(.03));
    assertThat(none / (double) n).isCloseTo(Math.exp(-1), within(.005));
    assertThat(both / (double) n).isCloseTo(.39958, within(.005));
  }
}
