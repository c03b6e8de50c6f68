package dev.bellows.jobs.study.sampler;

import dev.bellows.jobs.space.ChoiceParameter;
import dev.bellows.jobs.space.Configuration;
import dev.bellows.jobs.space.Parameter;
import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.trial.History;
import dev.bellows.jobs.study.trial.Trial;
import dev.bellows.jobs.study.trial.TrialState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Bayesian optimisation with a {@linkplain GaussianProcess Gaussian process} and the {@linkplain
 * LogImprovement logarithm of the expected improvement}: for few trials that are expensive.
 *
 * <p>The first trials are points of Sobol's sequence. Then the improvement is computed at 2,048
 * such points and the best configuration, and climbed from the 10 most promising ones: by a
 * quasi-Newton method along continuous axes, by trying levels along discrete ones. Trials whose
 * result is not known are believed to be as the process expects (kriging believer: D. Ginsbourger
 * et al., 2010); failed ones count as the worst seen. At most the last 300 trials and the 100 best
 * enter the process, whose cost grows with their cube.
 *
 * <p>Parameters that exist under conditions are refused: use TPE for those.
 */
public final class GaussianProcessSampler implements Sampler {
  private static final int POINTS = 2048;
  private static final int STARTS = 10;
  private static final int RECENT = 300;
  private static final int BEST = 100;
  private static final int MAX_LEVELS = 16;

  private final SearchSpace space;
  private final long seed;
  private final int startupTrials;
  private final Sampler startup;
  private final boolean[] choice;

  /** With 10 trials to start with. */
  public GaussianProcessSampler(SearchSpace space, long seed) {
    this(space, seed, 10);
  }

  /**
   * @param startupTrials trials with a score before the first that follows the process, 2 or more
   * @throws IllegalArgumentException for a space with conditions
   */
  public GaussianProcessSampler(SearchSpace space, long seed, int startupTrials) {
    Samplers.requireUnconditional(space, "gp");
    if (startupTrials < 2) {
      throw new IllegalArgumentException("expected startup_trials >= 2, found " + startupTrials);
    }
    this.space = space;
    this.seed = seed;
    this.startupTrials = startupTrials;
    this.startup = QuasiRandomSampler.sobol(space, seed);
    this.choice = new boolean[space.dimension()];
    for (int j = 0; j < choice.length; j++) {
      choice[j] = space.parameters().get(j) instanceof ChoiceParameter;
    }
  }

  @Override
  public Proposal ask(History history, int number) {
    if (history.in(TrialState.COMPLETE).size() < startupTrials) {
      return startup.ask(history, number);
    }
    List<Trial> known = known(history);
    double[][] x = new double[known.size()][];
    for (int i = 0; i < x.length; i++) {
      x[i] = space.toUnit(known.get(i).configuration());
    }
    double[] y = standardised(history, known);
    GaussianProcess process =
        GaussianProcess.fit(
            choice, x, y, new double[][] {GaussianProcess.start(choice.length), shortScales()});
    for (Trial pending : history.pending()) {
      process = process.believing(space.toUnit(pending.configuration()));
    }
    double best = Arrays.stream(y).max().orElse(0);
    Draws draws = new Draws(seed, number);
    double[] top = x[indexOfMax(y)];
    List<double[]> ranked = climb(process, best, top, number);
    int[] next = new int[1];
    Configuration chosen =
        RandomSampler.fresh(
            space,
            history,
            draws,
            ranked.size(),
            () -> space.fromUnit(ranked.get(Math.min(next[0]++, ranked.size() - 1))));
    return Proposal.of(chosen, "gp");
  }

  private double[] shortScales() {
    double[] start = GaussianProcess.start(choice.length);
    for (int j = 0; j < choice.length; j++) {
      start[j] = 3; // length scales of 0.22: functions with several hills
    }
    return start;
  }

  /** Finished trials that enter the process, by number. */
  private static List<Trial> known(History history) {
    List<Trial> finished = history.finished();
    int old = Math.max(0, finished.size() - RECENT);
    List<Trial> kept = new ArrayList<>(finished.subList(old, finished.size()));
    finished.subList(0, old).stream()
        .filter(t -> t.state() == TrialState.COMPLETE)
        .sorted(Comparator.comparingDouble(history::loss).thenComparingInt(Trial::number))
        .limit(BEST)
        .forEach(kept::add);
    kept.sort(Comparator.comparingInt(Trial::number));
    return kept;
  }

  /** Negated losses with mean 0 and variance 1; what has no score counts as the worst. */
  private static double[] standardised(History history, List<Trial> trials) {
    double[] y = trials.stream().mapToDouble(t -> -history.loss(t)).toArray();
    double worst = Arrays.stream(y).filter(Double::isFinite).min().orElse(0);
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      y[i] = Double.isFinite(y[i]) ? y[i] : worst;
      sum += y[i];
    }
    double mean = sum / y.length;
    double squares = 0;
    for (double each : y) {
      squares += (each - mean) * (each - mean);
    }
    double std = Math.sqrt(squares / y.length);
    for (int i = 0; i < y.length; i++) {
      y[i] = std == 0 ? 0 : (y[i] - mean) / std;
    }
    return y;
  }

  private static int indexOfMax(double[] y) {
    return IntStream.range(0, y.length)
        .boxed()
        .max(Comparator.<Integer>comparingDouble(i -> y[i]).thenComparing(i -> -i))
        .orElse(0);
  }

  private record Candidate(double[] at, double value) {}

  private List<double[]> climb(GaussianProcess process, double best, double[] top, int number) {
    PointSet points = new SobolPoints(choice.length, seed + 1 + number);
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < POINTS; i++) {
      double[] at = snapped(points.point(i));
      candidates.add(new Candidate(at, LogImprovement.at(process, at, best, null)));
    }
    Comparator<Candidate> byValue = Comparator.comparingDouble(c -> -c.value());
    candidates.sort(byValue);
    List<Candidate> starts = new ArrayList<>(candidates.subList(0, STARTS - 1));
    starts.add(new Candidate(top, LogImprovement.at(process, top, best, null)));
    List<Candidate> ends = new ArrayList<>();
    for (Candidate start : starts) {
      ends.add(climb(process, best, start));
    }
    ends.sort(byValue);
    return ends.stream().map(Candidate::at).toList();
  }

  private Candidate climb(GaussianProcess process, double best, Candidate start) {
    Candidate at = start;
    for (int round = 0; round < 4; round++) {
      Candidate next = alongLevels(process, best, alongContinua(process, best, at));
      if (next.value() <= at.value() + 1e-6) {
        return next;
      }
      at = next;
    }
    return at;
  }

  private Candidate alongContinua(GaussianProcess process, double best, Candidate start) {
    double[] low = start.at().clone();
    double[] high = start.at().clone();
    boolean any = false;
    for (int j = 0; j < low.length; j++) {
      if (space.parameters().get(j).levels() == 0) {
        low[j] = 0;
        high[j] = 1;
        any = true;
      }
    }
    if (!any) {
      return start;
    }
    QuasiNewton.Result result =
        QuasiNewton.minimise(
            (at, gradient) -> {
              double value = LogImprovement.at(process, at, best, gradient);
              for (int j = 0; j < gradient.length; j++) {
                gradient[j] = -gradient[j];
              }
              return -value;
            },
            start.at(),
            low,
            high,
            30);
    return new Candidate(result.at(), -result.value());
  }

  private Candidate alongLevels(GaussianProcess process, double best, Candidate start) {
    Candidate top = start;
    for (int j = 0; j < choice.length; j++) {
      Parameter parameter = space.parameters().get(j);
      long levels = parameter.levels();
      long stride = Math.max(1, levels / MAX_LEVELS);
      for (long level = 0; level < levels; level += stride) {
        double[] at = top.at().clone();
        at[j] = parameter.toUnit(parameter.level(level));
        double value = LogImprovement.at(process, at, best, null);
        if (value > top.value()) {
          top = new Candidate(at, value);
        }
      }
    }
    return top;
  }

  /** The point with discrete coordinates where their values are. */
  private double[] snapped(double[] point) {
    for (int j = 0; j < point.length; j++) {
      Parameter parameter = space.parameters().get(j);
      if (parameter.levels() > 0) {
        point[j] = parameter.toUnit(parameter.fromUnit(point[j]));
      }
    }
    return point;
  }
}
