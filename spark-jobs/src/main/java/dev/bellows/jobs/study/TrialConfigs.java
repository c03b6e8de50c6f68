package dev.bellows.jobs.study;

import dev.bellows.engine.model.Json;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.space.Configuration;
import java.util.ArrayList;
import java.util.List;

/** The complete configuration of a trial: that of the search with the trial's values. */
final class TrialConfigs {
  private final String yaml;
  private final boolean given;

  /**
   * Configurations of a search.
   *
   * @param yaml resolved configuration of the search
   * @param given whether a program gives the rows
   */
  TrialConfigs(String yaml, boolean given) {
    this.yaml = yaml;
    this.given = given;
  }

  /**
   * The configuration of a trial, which {@code bellows train} takes.
   *
   * @throws dev.bellows.jobs.config.ConfigException when the values don't go together
   */
  Loaded of(Configuration trial) {
    List<String> sets = new ArrayList<>(List.of("search=null"));
    trial.values().forEach((key, value) -> sets.add(key + "=" + Json.compact(value)));
    return given ? ConfigLoader.parseForRows(yaml, sets, null) : ConfigLoader.parse(yaml, sets);
  }
}
