package dev.bellows.jobs.config;

import java.io.Serializable;

/**
 * Learning rate over time; constants of other schedules hold their defaults.
 *
 * @param kind shape
 * @param warmupSteps steps of linear rise from 0 before the schedule
 * @param decay k of TIME, lr0 / (1 + k t), and EXPONENTIAL, lr0 exp(-k t)
 * @param per what t counts in TIME and EXPONENTIAL
 * @param factor multiplier of STEP
 * @param everyEpochs epochs between multiplications of STEP
 * @param minRate lowest rate of TIME, STEP, EXPONENTIAL and COSINE
 * @param cycles cycles of CYCLICAL over the whole training
 */
public record ScheduleConfig(
    Kind kind,
    int warmupSteps,
    double decay,
    Unit per,
    double factor,
    int everyEpochs,
    double minRate,
    int cycles)
    implements Serializable {

  /** Schedules. */
  public enum Kind {
    CONSTANT,
    TIME,
    STEP,
    EXPONENTIAL,
    COSINE,
    CYCLICAL
  }

  /** What a schedule's time counts. */
  public enum Unit {
    STEP,
    EPOCH
  }
}
