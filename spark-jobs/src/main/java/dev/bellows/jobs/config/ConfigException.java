package dev.bellows.jobs.config;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.util.List;

/** A configuration that cannot be used: all its problems at once. Nothing was started. */
public final class ConfigException extends BellowsException {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  ConfigException(String file, List<Problem> problems) {
    super(ExitCode.CONFIG, Problem.report(file, problems));
    this.problems = List.copyOf(problems);
  }

  /** All problems, in file order. */
  public List<Problem> problems() {
    return problems;
  }
}
