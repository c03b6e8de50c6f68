package dev.bellows.jobs.study;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigException;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.SearchConfig;
import dev.bellows.jobs.evaluate.HeldOut;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.space.SearchSpace;
import dev.bellows.jobs.study.journal.Journal;
import dev.bellows.jobs.study.sampler.Proposal;
import dev.bellows.jobs.study.sampler.Sampler;
import dev.bellows.jobs.study.sampler.Samplers;
import dev.bellows.jobs.study.trial.Event;
import dev.bellows.jobs.study.trial.Generations;
import dev.bellows.jobs.study.trial.Goal;
import dev.bellows.jobs.study.trial.Trial;
import dev.bellows.jobs.study.trial.TrialState;
import dev.bellows.jobs.train.StopRequest;
import dev.bellows.jobs.train.TrainJob;
import dev.bellows.jobs.train.TrainOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * A search over configurations: each is cross-validated, its score is the mean over the splits.
 * Units of all trials of a generation run in one job over one copy of the data. The same data,
 * configuration and seed propose the same trials for any number of slots; a killed search goes on
 * from its journal and runs no finished unit again. A trial that fails costs itself.
 */
public final class SearchJob {
  /** Value of {@link CvJob#JOB}. */
  public static final String NAME = "search";

  private final SparkSession session;
  private final RunConfig config;
  private final SearchConfig search;
  private final GivenRows given;
  private final RunFolder folder;
  private final Console console;
  private final StopRequest.Source stop;
  private final Goal goal;
  private final TrialConfigs configs;
  private final long startedNanos = System.nanoTime();

  private SearchJob(
      SparkSession session,
      RunConfig config,
      SearchConfig search,
      GivenRows given,
      RunFolder folder,
      Console console,
      StopRequest.Source stop) {
    this.session = session;
    this.config = config;
    this.search = search;
    this.given = given;
    this.folder = folder;
    this.console = console;
    this.stop = stop;
    this.goal = goal(search);
    this.configs = new TrialConfigs(folder.resolvedYaml(), given.train() != null);
  }

  private static Goal goal(SearchConfig search) {
    SearchConfig.Goal wanted = search.goal();
    boolean maximize =
        wanted == null ? HeldOut.maximized(search.metric()) : wanted == SearchConfig.Goal.MAXIMIZE;
    return maximize ? Goal.MAXIMIZE : Goal.MINIMIZE;
  }

  /**
   * Searches, and trains the best configuration on all rows at the end where {@code cv.refit} says
   * so.
   *
   * @param folder the run folder; closed at the end, whatever happens
   * @param allowChange configuration keys that may differ from those of the run in the folder
   * @param stop asked several times a second whether to stop
   * @throws BellowsException exit 5 when no trial has a score, else what went wrong
   */
  public static TrainOutcome run(
      SparkSession session,
      RunConfig config,
      GivenRows given,
      RunFolder folder,
      Console console,
      List<String> allowChange,
      StopRequest.Source stop) {
    SearchConfig search = config.search();
    if (search == null) {
      folder.close();
      throw new BellowsException(
          ExitCode.CONFIG, "search is not configured: add search: {space: ...}");
    }
    if (folder.found() == RunFolder.Found.FINISHED) {
      return CvJob.finishedBefore(config, folder, allowChange);
    }
    SearchJob job = new SearchJob(session, config, search, given, folder, console, stop);
    RunConfig best;
    try {
      CvJob.requirePossible(config);
      Optional<Trial> winner = job.search(allowChange);
      if (winner.isEmpty()) {
        return CvJob.stopped(folder, stop.requested());
      }
      best = job.configs.of(winner.get().configuration()).config();
      if (!config.cv().refit()) {
        return job.finished(winner.get());
      }
      console.section("refit", "trial " + winner.get().number() + " on all rows");
    } catch (Exception | OutOfMemoryError e) { // Spark throws checked exceptions undeclared
      throw CvJob.failed(folder, e);
    }
    return TrainJob.run(session, best, given, folder, console, allowChange, stop);
  }

  private TrainOutcome finished(Trial best) {
    String line =
        "best trial "
            + best.number()
            + "  "
            + search.metric()
            + " "
            + CvSummary.number(best.score())
            + " (optimistic: the best of many)  "
            + best.configuration();
    folder.finish("finished", ExitCode.OK, Map.of("best_trial", (long) best.number()));
    CvJob.report(config, folder, console);
    folder.close();
    return new TrainOutcome(
        ExitCode.OK, line, null, null, 0, Map.of("search_" + search.metric(), best.score()));
  }

  /** All trials; the best one, or nothing when it was stopped. */
  private Optional<Trial> search(List<String> allowChange) throws InterruptedException {
    folder.writeConfig();
    SearchSpace space = SearchSpace.fromTree(search.space());
    Sampler sampler;
    try {
      sampler =
          Samplers.of(
              search.sampler(),
              search.samplerSettings(),
              space,
              config.seed(),
              search.generation());
    } catch (IllegalArgumentException e) {
      throw new BellowsException(ExitCode.CONFIG, "search.sampler: " + e.getMessage(), e);
    }
    try (StudyData data = StudyData.open(session, config, given);
        Journal journal =
            Journal.open(
                folder.files().below(NAME),
                goal,
                folder.lease().number(),
                () -> System.nanoTime() / 1_000_000,
                folder.lease()::check)) {
      data.begin(folder, NAME, allowChange);
      int most = most(sampler);
      data.describe(console, "; " + most + " trials by " + search.sampler());
      data.fit();
      SearchTable table = new SearchTable(search, CvTable.metrics(config, data), most, console);
      journal.trials().list().stream().filter(t -> t.state().finished()).forEach(table::add);
      Duration limit = search.maxTrialTime();
      boolean whole;
      try (UnitQueue queue = data.queue(limit == null ? 0 : limit.toMillis())) {
        whole = new Rounds(data, journal, sampler, queue, table, most).run();
      }
      SearchFiles.write(session, folder, journal.trials(), table, configs);
      if (!whole) {
        return Optional.empty();
      }
      Optional<Trial> best = journal.trials().history().best();
      if (best.isEmpty()) {
        throw new BellowsException(ExitCode.DIVERGED, table.noScore(journal.trials().list()));
      }
      return best;
    }
  }

  private int most(Sampler sampler) {
    long limit = sampler.limit().orElse(Integer.MAX_VALUE);
    if (search.trials() == 0 && limit > 1_000_000) {
      throw new BellowsException(
          ExitCode.CONFIG, "search.trials: all is " + limit + " trials; give a number");
    }
    return (int) Math.min(search.trials() == 0 ? limit : search.trials(), limit);
  }

  private boolean late() {
    Duration most = search.maxTime();
    return most != null && System.nanoTime() - startedNanos > most.toNanos();
  }

  /** Generation after generation. */
  private final class Rounds {
    private final StudyData data;
    private final Journal journal;
    private final Sampler sampler;
    private final UnitQueue queue;
    private final SearchTable table;
    private final int most;
    private final Generations generations = Generations.of(search.generation());
    private final Map<Integer, Integer> attempts = new java.util.HashMap<>();

    Rounds(
        StudyData data,
        Journal journal,
        Sampler sampler,
        UnitQueue queue,
        SearchTable table,
        int most) {
      this.data = data;
      this.journal = journal;
      this.sampler = sampler;
      this.queue = queue;
      this.table = table;
      this.most = most;
    }

    /** False when it was stopped. */
    boolean run() throws InterruptedException {
      while (true) {
        ask();
        List<Unit> units = open();
        if (units.isEmpty()) {
          return true;
        }
        boolean whole =
            queue.run(
                units,
                "bellows: search, trials up to " + journal.trials().size(),
                this::take,
                () -> stop.requested() != null);
        journal.flush();
        if (!whole) {
          return false;
        }
      }
    }

    /** Proposes what is missing of a generation that was begun, or a whole one. */
    private void ask() {
      boolean running = journal.trials().list().stream().anyMatch(t -> !t.state().finished());
      int size = journal.trials().size();
      boolean begun = size % generations.size() != 0;
      if (!begun && (running || late())) {
        return;
      }
      int end = Math.min(most, generations.first(size) + generations.size());
      for (int number = size; number < end; number++) {
        Proposal proposal = sampler.ask(generations.beforeAsking(journal.trials()), number);
        journal.record(Event.ask(number, proposal.configuration(), proposal.parent()));
      }
    }

    /** The units that have no result yet. */
    private List<Unit> open() {
      List<Unit> units = new ArrayList<>();
      for (Trial trial : List.copyOf(journal.trials().list())) {
        RunConfig its = trial.state().finished() ? null : config(trial);
        int splits = data.folds().splits();
        for (int split = 0; its != null && split < splits; split++) {
          if (trial.report(split, 0).isEmpty()) {
            int id = Math.addExact(Math.multiplyExact(trial.number(), splits), split);
            units.add(new Unit(id, trial.number(), split, 0, its, table.metrics(), false));
          }
        }
      }
      return units;
    }

    /** The trial's configuration; null when its values don't go together, which fails it. */
    private @Nullable RunConfig config(Trial trial) {
      try {
        RunConfig its = configs.of(trial.configuration()).config();
        journal.record(Event.start(trial.number()));
        return its;
      } catch (ConfigException e) {
        fail(trial.number(), Event.fail(trial.number(), "config: " + e.getMessage()));
        return null;
      }
    }

    private void take(UnitResult result) {
      int splits = data.folds().splits();
      int number = result.id() / splits;
      if (journal.trials().get(number).state().finished()) {
        return;
      }
      double score = result.figures().getOrDefault(search.metric(), Double.NaN);
      if (!result.complete()) {
        failed(number, result);
      } else if (!Double.isFinite(score)) {
        fail(number, Event.fail(number, search.metric() + " has no value on a split"));
      } else {
        journal.record(Event.report(number, SearchTable.report(result, splits, score)));
        Trial trial = journal.trials().get(number);
        if (trial.reports().size() == splits) {
          double mean = trial.reports().stream().mapToDouble(r -> r.score()).sum() / splits;
          journal.record(Event.tell(number, mean, Map.of()));
          table.add(journal.trials().get(number));
        }
      }
      journal.flushIfDue();
    }

    private void failed(int number, UnitResult result) {
      boolean again =
          result.state() == UnitResult.State.ERROR
              && attempts.merge(result.id(), 1, Integer::sum) <= search.retries();
      if (!again) {
        String why = result.state().name().toLowerCase(java.util.Locale.ROOT);
        fail(
            number,
            result.state() == UnitResult.State.TIMEOUT
                ? Event.timeout(number, result.error())
                : Event.fail(number, why + ": " + result.error()));
      }
    }

    private void fail(int number, Event event) {
      if (journal.record(event)) {
        table.add(journal.trials().get(number));
      }
    }
  }

  /** Whether a trial has a score. */
  static boolean scored(Trial trial) {
    return trial.state() == TrialState.COMPLETE;
  }
}
