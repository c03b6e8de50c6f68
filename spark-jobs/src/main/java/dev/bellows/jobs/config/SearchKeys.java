package dev.bellows.jobs.config;

import dev.bellows.jobs.config.Numbers.Real;
import dev.bellows.jobs.config.Numbers.Whole;
import dev.bellows.jobs.config.Words.Measure;
import dev.bellows.jobs.config.Words.OrNull;
import dev.bellows.jobs.config.Words.Word;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keys of {@code search}: what they are, and what they say together. */
final class SearchKeys {
  /** Keys that decide how rows are read, divided or written: the same for all trials. */
  private static final List<String> FIXED =
      List.of(
          "version",
          "base",
          "task",
          "seed",
          "data",
          "features",
          "target",
          "targets",
          "cv",
          "search",
          "output",
          "evaluate",
          "device");

  private SearchKeys() {}

  static Section search() {
    return new Section()
        .required("space", new SpaceKeys(), SpaceKeys.DOC, SpaceKeys.EXAMPLE)
        .key(
            "sampler",
            sampler(),
            "tpe",
            "Who proposes configurations.",
            "{tpe: {startup_trials: 20}}")
        .key(
            "objective",
            new Section()
                .key(
                    "metric",
                    new Word(metrics(), List.of()),
                    "loss",
                    "What is wanted: the mean over the splits of this metric, or of the loss.",
                    "auc")
                .key(
                    "goal",
                    new Word("auto", "minimize", "maximize"),
                    "auto",
                    "Which values are wanted; auto: as the metric says."),
            "{}",
            "What a configuration is judged by.",
            "{metric: auc}")
        .key(
            "trials",
            new Whole(1, 1_000_000, "all"),
            "50",
            "Configurations that are tried; all: every one of a grid.",
            "100")
        .key(
            "generation",
            new Whole(1, 10_000),
            "8",
            "Trials that are proposed without knowing each other's results: what may run at once. A part of the result, so not a matter of slots.",
            "16")
        .key(
            "max_time",
            new OrNull(Measure.time()),
            "null",
            "No further generation begins after this time.",
            "2h")
        .key(
            "max_trial_time",
            new OrNull(Measure.time()),
            "null",
            "A model that takes longer makes its trial fail (timeout).",
            "10m")
        .key(
            "on_trial_failure",
            new Section()
                .key(
                    "retries",
                    new Whole(0, 10),
                    "1",
                    "Times that a failed model is trained again."),
            "{}",
            "A trial that fails costs itself: it is recorded and never wins.",
            "{retries: 1}");
  }

  private static List<String> metrics() {
    List<String> all = new java.util.ArrayList<>(List.of("loss"));
    all.addAll(ConfigKeys.METRICS);
    all.remove("confusion");
    return all;
  }

  private static Choice sampler() {
    Section startup =
        new Section()
            .key(
                "startup_trials",
                new Whole(1, 10_000),
                "10",
                "Trials that are drawn at random first.");
    return new Choice()
        .with(
            "grid",
            "Every combination.",
            new Section()
                .key("points", new Whole(2, 1000), "5", "Values of a range without a step."))
        .with("random", "Drawn independently.")
        .with("sobol", "Low-discrepancy points of Sobol.")
        .with("halton", "Low-discrepancy points of Halton.")
        .with(
            "tpe",
            "Tree-structured Parzen estimator.",
            new Section()
                .all(startup)
                .key("candidates", new Whole(1, 10_000), "24", "Candidates of a proposal."))
        .with("gp", "Gaussian process, expected improvement.", new Section().all(startup))
        .with(
            "cma_es",
            "Covariance matrix adaptation; numbers only.",
            new Section().key("sigma", Real.above(0, 1), "0.3", "First step, of the unit cube."));
  }

  static SearchConfig of(Bound search) {
    Bound space = search.at("space");
    String goal = search.text("objective.goal");
    String sampler = search.chosen("sampler");
    return new SearchConfig(
        new LinkedHashMap<>(space.values()),
        sampler,
        new LinkedHashMap<>(search.settings("sampler").values()),
        search.text("objective.metric"),
        goal.equals("auto") ? null : Bound.constant(SearchConfig.Goal.class, goal),
        search.count("trials"),
        search.count("generation"),
        search.has("max_time") ? Records.time(search.text("max_time")) : null,
        search.has("max_trial_time") ? Records.time(search.text("max_trial_time")) : null,
        search.count("on_trial_failure.retries"));
  }

  /** A search varies what is trained, not what it is trained on. */
  static void check(Bound file, Binding binding) {
    if (!file.has("search")) {
      return;
    }
    Map<String, Object> space = file.at("search").at("space").values();
    for (String key : space.keySet()) {
      String first = Overrides.segments(key).get(0);
      String at = "search.space." + key;
      if (FIXED.contains(first)) {
        binding.problem(
            binding.mark("search.space"),
            at,
            "is the same for all trials; a search varies keys of model, trainer and distributed");
      } else if (ConfigKeys.find(key) == null) {
        binding.problem(binding.mark("search.space"), at, "is no key of a configuration");
      }
    }
    if (file.at("search").whole("trials") == 0
        && !file.at("search").chosen("sampler").equals("grid")) {
      binding.problem(
          binding.mark("search.trials"), "search.trials", "all is for the grid, give a number");
    }
  }
}
