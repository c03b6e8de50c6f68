package dev.bellows.jobs.train;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.ps.checkpoint.Checkpoint;
import dev.bellows.ps.checkpoint.CheckpointException;
import dev.bellows.ps.checkpoint.CheckpointFile;
import dev.bellows.ps.checkpoint.CheckpointStore;
import dev.bellows.ps.checkpoint.NoSpaceException;
import dev.bellows.ps.checkpoint.RowPart;
import dev.bellows.ps.checkpoint.ShardPart;
import dev.bellows.ps.shard.ShardMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The checkpoints of a run folder, written by the driver at step boundaries. */
final class Checkpoints {
  private final RunFolder folder;
  private final Console console;
  private final CheckpointStore store;
  private final int keep;

  /** Step of the checkpoint that is being written, for failpoints. */
  private long writing = -1;

  Checkpoints(RunFolder folder, Console console, int keep, Failpoints failpoints) {
    this.folder = folder;
    this.console = console;
    this.keep = Math.max(1, keep);
    this.store =
        new CheckpointStore(
            folder.checkpoints(),
            console::warn,
            point -> failpoints.hit("checkpoint." + point, writing));
  }

  /**
   * Writes a checkpoint and forgets the oldest ones.
   *
   * @param point what to write
   * @param map how the vector is cut into files
   * @param bestStep step of the best epoch, to be kept; -1 for none
   * @param last whether training can't go on without it
   * @return whether it was written; a full disk only costs this checkpoint unless it is the last
   */
  boolean write(RestorePoint point, ShardMap map, long bestStep, boolean last) {
    folder.lease().check();
    writing = point.step();
    try {
      if (store.begin(point.step())) {
        List<CheckpointFile> files = new ArrayList<>();
        for (int s = 0; s < map.shards(); s++) {
          if (!map.isEmpty(s)) {
            files.add(store.writeShard(point.step(), part(point, map, s)));
          }
        }
        for (RowPart rows : point.rows()) {
          files.add(store.writeRows(point.step(), rows));
        }
        folder.publish(); // ledger and events never know less than the newest checkpoint
        folder.lease().check();
        store.commit(
            point.step(), point.values().length, point.slots().length, files, point.state());
      }
      store.retain(keep, bestStep < 0 ? OptionalLong.empty() : OptionalLong.of(bestStep));
      return true;
    } catch (NoSpaceException e) {
      store.discardUnfinished(point.step());
      if (last) {
        throw new BellowsException(ExitCode.MEMORY_OR_DISK, String.valueOf(e.getMessage()), e);
      }
      console.warn(
          "checkpoint of step "
              + point.step()
              + " not written, training goes on: needs "
              + e.bytesNeeded()
              + " bytes, "
              + e.bytesFree()
              + " free; older checkpoints are intact");
      folder.event(
          "checkpoint_failed",
          Map.of("step", point.step(), "needed", e.bytesNeeded(), "free", e.bytesFree()));
      return false;
    } catch (CheckpointException e) {
      store.discardUnfinished(point.step());
      if (last) {
        throw new BellowsException(ExitCode.MEMORY_OR_DISK, String.valueOf(e.getMessage()), e);
      }
      console.warn(
          "checkpoint of step "
              + point.step()
              + " not written, training goes on: "
              + e.getMessage());
      folder.event(
          "checkpoint_failed", Map.of("step", point.step(), "why", String.valueOf(e.getMessage())));
      return false;
    }
  }

  /** What a run that ends now has to go on with, for its last message. */
  static String kept(RunFolder folder) {
    String resume = "`bellows resume " + folder.dir() + "` ";
    try {
      OptionalLong newest = new CheckpointStore(folder.checkpoints()).newestWritten();
      return newest.isPresent()
          ? "Checkpoints are kept, the newest of step "
              + newest.getAsLong()
              + ": "
              + resume
              + "goes on"
          : "There is no checkpoint yet: " + resume + "starts at step 0";
    } catch (CheckpointException e) {
      return "Checkpoints can't be listed (" + e.getMessage() + "): " + resume + "goes on";
    }
  }

  /** The newest whole checkpoint; torn ones are skipped with a warning. */
  Optional<RestorePoint> latest() {
    try {
      Optional<Checkpoint> latest = store.latestWhole();
      return latest.isPresent() ? Optional.of(point(store, latest.get())) : Optional.empty();
    } catch (CheckpointException e) {
      throw new BellowsException(
          ExitCode.MODEL,
          "cannot read the checkpoints of " + folder.dir() + ": " + e.getMessage(),
          e);
    }
  }

  /** The checkpoint of a step, or empty when it is not whole. */
  Optional<RestorePoint> at(long step) {
    try {
      return store.steps().contains(step)
          ? Optional.of(point(store, store.load(step)))
          : Optional.empty();
    } catch (CheckpointException e) {
      console.warn("checkpoint of step " + step + " cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** A checkpoint as what training goes on from. */
  static RestorePoint point(CheckpointStore store, Checkpoint c) throws CheckpointException {
    float[][] slots = new float[c.slotCount()][];
    for (int s = 0; s < slots.length; s++) {
      slots[s] = c.slot(s);
    }
    List<RowPart> rows = new ArrayList<>();
    store.readRows(c.step(), rows::add);
    return new RestorePoint(c.step(), c.values(), slots, rows, c.state());
  }

  private static ShardPart part(RestorePoint point, ShardMap map, int shard) {
    int from = map.from(shard);
    int to = map.to(shard);
    float[][] slots = new float[point.slots().length][];
    for (int s = 0; s < slots.length; s++) {
      slots[s] = Arrays.copyOfRange(point.slots()[s], from, to);
    }
    return new ShardPart(shard, from, Arrays.copyOfRange(point.values(), from, to), slots);
  }
}
