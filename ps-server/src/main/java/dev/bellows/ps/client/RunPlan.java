package dev.bellows.ps.client;

import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.protocol.Consistency;

/**
 * What a run's namespaces are made with.
 *
 * @param updateSpec encoded {@code engine.optim.UpdateSpec} for the whole vector
 * @param slices number V of logical slices
 * @param stepsPerEpoch for the schedule
 * @param totalSteps for the schedule
 * @param ledgerCapacity ledger entries that each shard keeps; read them before so many more steps
 *     have passed
 * @param crcEvery a checksum of the parameters every so many steps; 0: never
 * @param consistency when a step may start
 * @param compression how gradients and parameters are coded
 */
@SuppressWarnings("ArrayRecordComponent") // plain carrier, never compared
public record RunPlan(
    byte[] updateSpec,
    int slices,
    long stepsPerEpoch,
    long totalSteps,
    int ledgerCapacity,
    int crcEvery,
    Consistency consistency,
    Compression compression) {
  /** A run of raw values. */
  public RunPlan(
      byte[] updateSpec,
      int slices,
      long stepsPerEpoch,
      long totalSteps,
      int ledgerCapacity,
      int crcEvery,
      Consistency consistency) {
    this(
        updateSpec,
        slices,
        stepsPerEpoch,
        totalSteps,
        ledgerCapacity,
        crcEvery,
        consistency,
        Compression.NONE);
  }

  /** A run whose steps wait for the whole step before. */
  public RunPlan(
      byte[] updateSpec,
      int slices,
      long stepsPerEpoch,
      long totalSteps,
      int ledgerCapacity,
      int crcEvery) {
    this(updateSpec, slices, stepsPerEpoch, totalSteps, ledgerCapacity, crcEvery, Consistency.BSP);
  }
}
