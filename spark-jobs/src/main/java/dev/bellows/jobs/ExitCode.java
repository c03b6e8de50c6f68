package dev.bellows.jobs;

/** What the process tells its caller; scripts rely on the numbers, so they are never reused. */
public enum ExitCode {
  OK(0, "ok"),
  INTERNAL(1, "internal error"),
  USAGE(2, "usage"),
  CONFIG(3, "configuration"),
  DATA(4, "data"),
  DIVERGED(5, "training diverged"),
  MEMORY_OR_DISK(6, "memory or disk"),
  CLUSTER(7, "cluster or parameter server"),
  MODEL(8, "model or checkpoint file"),
  AUTHENTICATION(9, "authentication"),
  INTERRUPTED(130, "interrupted"),
  TERMINATED(143, "terminated");

  private final int code;
  private final String meaning;

  ExitCode(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  /** The process exit status. */
  public int code() {
    return code;
  }

  /** One or two words for people. */
  public String meaning() {
    return meaning;
  }
}
