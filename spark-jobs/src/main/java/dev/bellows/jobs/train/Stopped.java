package dev.bellows.jobs.train;

import dev.bellows.jobs.ExitCode;

/** Training was asked to stop and has done so at a step boundary, with a checkpoint. */
final class Stopped extends Exception {
  private static final long serialVersionUID = 1L;

  private final ExitCode exitCode;

  Stopped(ExitCode exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  ExitCode exitCode() {
    return exitCode;
  }
}
