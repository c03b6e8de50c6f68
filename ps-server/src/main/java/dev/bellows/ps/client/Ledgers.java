package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import dev.bellows.ps.protocol.Message.CodedStep;
import dev.bellows.ps.shard.Crc32c;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts the ledgers of a run's shards together. */
final class Ledgers {
  private Ledgers() {}

  /**
   * Entries that all shards have; scalars are equal in all, checksums are combined in shard order,
   * bytes of codes added up.
   */
  static List<Message.LedgerEntry> combine(List<Message.LedgerReply> shards) {
    List<Message.LedgerEntry> combined = new ArrayList<>();
    if (shards.isEmpty()) {
      return combined;
    }
    for (Message.LedgerEntry entry : shards.get(0).entries()) {
      int crc = entry.crc();
      boolean hasCrc = entry.hasCrc();
      Message.CodedStep coded = entry.coded();
      boolean everywhere = true;
      for (int s = 1; s < shards.size() && everywhere; s++) {
        Message.LedgerReply reply = shards.get(s);
        Message.LedgerEntry other = find(reply.entries(), entry.step());
        if (other == null) {
          everywhere = false;
        } else {
          hasCrc &= other.hasCrc();
          crc = Crc32c.combine(crc, other.crc(), (long) reply.length() * Float.BYTES);
          coded = sum(coded, other.coded());
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
                hasCrc ? crc : 0,
                coded));
      }
    }
    return combined;
  }

  private static @Nullable CodedStep sum(@Nullable CodedStep all, @Nullable CodedStep shard) {
    return all == null || shard == null
        ? null
        : new CodedStep(
            all.bytesUp() + shard.bytesUp(),
            all.bytesDown() + shard.bytesDown(),
            all.wanted(),
            all.left());
  }

  private static Message.@Nullable LedgerEntry find(List<Message.LedgerEntry> entries, long step) {
    if (entries.isEmpty()) {
      return null;
    }
    long index = step - entries.get(0).step();
    return index >= 0 && index < entries.size() && entries.get((int) index).step() == step
        ? entries.get((int) index)
        : null;
  }
}
