package dev.bellows.ps.checkpoint;

import dev.bellows.engine.sample.Mix64;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A made-up run whose values at a step are a function of the step, so a mix of steps is seen. */
record SampleRun(int length, int slots) {

  float value(long step, int slot, int element) {
    return (Mix64.mix(step * 31 + slot) + element) % 1000 + 0.5f * element + step;
  }

  float[] vector(long step, int slot) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = value(step, slot, i);
    }
    return values;
  }

  Map<String, @Nullable Object> state(long step) {
    Map<String, @Nullable Object> state = new LinkedHashMap<>();
    state.put("epoch", step / 100);
    state.put("learning_rate", 0.1 + 0.2);
    state.put("history", List.of(0.5, 0.25, step));
    state.put("best", null);
    return state;
  }

  List<ShardPart> parts(long step, int shards) {
    List<ShardPart> parts = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      int from = (int) ((long) length * shard / shards);
      int to = (int) ((long) length * (shard + 1) / shards);
      float[] values = java.util.Arrays.copyOfRange(vector(step, 0), from, to);
      float[][] slotParts = new float[slots][];
      for (int s = 0; s < slots; s++) {
        slotParts[s] = java.util.Arrays.copyOfRange(vector(step, s + 1), from, to);
      }
      parts.add(new ShardPart(shard, from, values, slotParts));
    }
    return parts;
  }

  void write(CheckpointStore store, long step, int shards) throws CheckpointException {
    if (!store.begin(step)) {
      return;
    }
    List<CheckpointFile> files = new ArrayList<>();
    for (ShardPart part : parts(step, shards)) {
      files.add(store.writeShard(step, part));
    }
    store.commit(step, length, slots, files, state(step));
  }

  /** Returns whether a checkpoint holds exactly the values of the step that it claims. */
  boolean matches(Checkpoint checkpoint) {
    boolean same =
        java.util.Arrays.equals(checkpoint.values(), vector(checkpoint.step(), 0))
            && checkpoint.slotCount() == slots
            && Long.valueOf(checkpoint.step() / 100).equals(checkpoint.state().get("epoch"));
    for (int s = 0; same && s < slots; s++) {
      same = java.util.Arrays.equals(checkpoint.slot(s), vector(checkpoint.step(), s + 1));
    }
    return same;
  }
}
