package dev.bellows.ps.client;

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
 */
@SuppressWarnings("ArrayRecordComponent") // plain carrier, never compared
public record RunPlan(
    byte[] updateSpec,
    int slices,
    long stepsPerEpoch,
    long totalSteps,
    int ledgerCapacity,
    int crcEvery) {}
