package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.shard.Crc32c;
import java.util.ArrayList;
import java.util.List;

/** Puts the ledgers of a run's shards together. */
final class Ledgers {
  private Ledgers() {}

  /**
   * Entries that all shards have; scalars are equal in all, checksums are combined in shard order.
   */
  static List<Message.LedgerEntry> combine(List<Message.LedgerReply> shards) {
    List<Message.LedgerEntry> combined = new ArrayList<>();
    if (shards.isEmpty()) {
      return combined;
    }
    for (Message.LedgerEntry entry : shards.get(0).entries()) {
      int crc = entry.crc();
      boolean hasCrc = entry.hasCrc();
      boolean everywhere = true;
      for (int s = 1; s < shards.size() && everywhere; s++) {
        Message.LedgerReply reply = shards.get(s);
        Message.LedgerEntry other = find(reply.entries(), entry.step());
        if (other == null) {
          everywhere = false;
        } else {
          hasCrc &= other.hasCrc();
          crc = Crc32c.combine(crc, other.crc(), (long) reply.length() * Float.BYTES);
        }
      }
      if (everywhere) {
        combined.add(
            new Message.LedgerEntry(
                entry.step(),
                entry.weight(),
                entry.loss(),
                entry.metric(),
                entry.rows(),
                entry.applied(),
                hasCrc,
                hasCrc ? crc : 0));
      }
    }
    return combined;
  }

  private static Message.@org.jspecify.annotations.Nullable LedgerEntry find(
      List<Message.LedgerEntry> entries, long step) {
    if (entries.isEmpty()) {
      return null;
    }
    long index = step - entries.get(0).step();
    return index >= 0 && index < entries.size() && entries.get((int) index).step() == step
        ? entries.get((int) index)
        : null;
  }
}
