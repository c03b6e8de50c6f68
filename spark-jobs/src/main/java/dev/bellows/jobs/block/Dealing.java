package dev.bellows.jobs.block;

import dev.bellows.jobs.source.DataException;
import dev.bellows.jobs.source.RawBlock;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/**
 * Moves the rows of one role to numbered shards in one shuffle. Training rows are dealt like cards:
 * rank r goes to shard r mod V, position r div V. Held-out rows are cut into blocks: rank r goes to
 * block r div 4096, position r mod 4096; of large rows fewer make a block.
 */
final class Dealing implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Rows of a block of held-out rows. */
  static final int HELD_OUT_ROWS = 4096;

  private static final int HELD_OUT_BYTES = 1 << 28;

  private final byte role;
  private final int rows;
  private final int shards;
  private final int partitions;
  private final int blockRows;

  private Dealing(byte role, int rows, int shards, int partitions, int blockRows) {
    this.role = role;
    this.rows = rows;
    this.shards = shards;
    this.partitions = partitions;
    this.blockRows = blockRows;
  }

  /** Training rows into V shards. */
  static Dealing training(int rows, int slices, int partitions) {
    return new Dealing(RowPlan.TRAIN, rows, slices, partitions, HELD_OUT_ROWS);
  }

  /**
   * Held-out rows into blocks of 4,096, or of as many as make {@link #HELD_OUT_BYTES}.
   *
   * @param rowBytes bytes of the image of a row
   */
  static Dealing heldOut(byte role, int rows, int partitions, int rowBytes) {
    int most = Math.max(1, Math.min(HELD_OUT_ROWS, HELD_OUT_BYTES / Math.max(1, rowBytes)));
    int blocks = Math.max(1, (int) ((rows + (most - 1L)) / most));
    return new Dealing(role, rows, blocks, Math.max(1, Math.min(partitions, blocks)), most);
  }

  private int shardOf(int rank) {
    return role == RowPlan.TRAIN ? rank % shards : rank / blockRows;
  }

  private int positionOf(int rank) {
    return role == RowPlan.TRAIN ? rank / shards : rank % blockRows;
  }

  /** Rows of a shard. */
  int sizeOf(int shard) {
    return role == RowPlan.TRAIN
        ? (int) (((long) rows - shard + shards - 1) / shards)
        : Math.min(blockRows, rows - shard * blockRows);
  }

  int shards() {
    return shards;
  }

  JavaRDD<DataShard> deal(JavaRDD<RawBlock> raw, Broadcast<RowPlan> plan, Encoder encoder) {
    Dealing dealing = this;
    return raw.mapPartitionsWithIndex(
            (partition, blocks) ->
                (Iterator<Tuple2<Integer, Piece>>)
                    new Pieces(dealing, plan.value(), encoder, partition, blocks),
            true)
        .mapToPair(t -> t)
        .partitionBy(new ShardPartitioner(shards, partitions))
        .mapPartitionsWithIndex((partition, pieces) -> dealing.assemble(partition, pieces), true);
  }

  private Iterator<DataShard> assemble(int partition, Iterator<Tuple2<Integer, Piece>> pieces) {
    int from = ShardPartitioner.firstShard(partition, shards, partitions);
    int to = ShardPartitioner.firstShard(partition + 1, shards, partitions);
    List<BlockAssembly> assemblies = new ArrayList<>();
    for (int s = from; s < to; s++) {
      assemblies.add(new BlockAssembly(s, sizeOf(s)));
    }
    while (pieces.hasNext()) {
      Tuple2<Integer, Piece> piece = pieces.next();
      assemblies.get(piece._1() - from).add(piece._2());
    }
    List<DataShard> done = new ArrayList<>();
    for (BlockAssembly a : assemblies) {
      done.add(a.finish());
    }
    return done.iterator();
  }

  /** Partition p holds shards floor(p V / N) until floor((p + 1) V / N). */
  static final class ShardPartitioner extends Partitioner {
    private static final long serialVersionUID = 1L;
    private final int shards;
    private final int partitions;

    ShardPartitioner(int shards, int partitions) {
      this.shards = shards;
      this.partitions = partitions;
    }

    static int firstShard(int partition, int shards, int partitions) {
      return (int) ((long) partition * shards / partitions);
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object shard) {
      return (int) (((Integer) shard + 1L) * partitions - 1) / shards;
    }

    @Override
    public boolean equals(Object o) {
      return o instanceof ShardPartitioner s && s.shards == shards && s.partitions == partitions;
    }

    @Override
    public int hashCode() {
      return shards * 31 + partitions;
    }
  }

  /** The pieces of one partition of raw blocks. */
  private static final class Pieces implements Iterator<Tuple2<Integer, Piece>> {
    private final Dealing dealing;
    private final RowPlan plan;
    private final Encoder encoder;
    private final int partition;
    private final Iterator<RawBlock> blocks;
    private final List<Tuple2<Integer, Piece>> ready = new ArrayList<>();
    private int next;
    private int firstRow;
    private long checksum;

    Pieces(
        Dealing dealing, RowPlan plan, Encoder encoder, int partition, Iterator<RawBlock> blocks) {
      this.dealing = dealing;
      this.plan = plan;
      this.encoder = encoder;
      this.partition = partition;
      this.blocks = blocks;
    }

    @Override
    public boolean hasNext() {
      while (next == ready.size() && blocks.hasNext()) {
        ready.clear();
        next = 0;
        cut(blocks.next());
        if (!blocks.hasNext()
            && (checksum != plan.checksums[partition]
                || firstRow != plan.roles[partition].length)) {
          throw changed();
        }
      }
      return next < ready.size();
    }

    private DataException changed() {
      return new DataException(
          "the data changed while it was being read: partition "
              + partition
              + " had "
              + plan.roles[partition].length
              + " rows with fingerprint "
              + Long.toHexString(plan.checksums[partition])
              + ", now "
              + firstRow
              + " rows with "
              + Long.toHexString(checksum)
              + " (a file was replaced, or the data frame is not deterministic: write it to Parquet first)");
    }

    @Override
    public Tuple2<Integer, Piece> next() {
      if (!hasNext()) {
        throw new java.util.NoSuchElementException();
      }
      return ready.get(next++);
    }

    private void cut(RawBlock raw) {
      byte[] roles = plan.roles[partition];
      int[] ranks = plan.ranks[partition];
      int n = raw.rows();
      if (firstRow + n > roles.length) {
        firstRow += n;
        throw changed();
      }
      int[] sizes = new int[dealing.shards];
      for (int r = 0; r < n; r++) {
        checksum += raw.contentHashes()[r];
        if (roles[firstRow + r] == dealing.role) {
          sizes[dealing.shardOf(ranks[firstRow + r])]++;
        }
      }
      int[][] rows = new int[dealing.shards][];
      for (int s = 0; s < rows.length; s++) {
        rows[s] = new int[sizes[s]];
      }
      Arrays.fill(sizes, 0);
      for (int r = 0; r < n; r++) {
        if (roles[firstRow + r] == dealing.role) {
          int s = dealing.shardOf(ranks[firstRow + r]);
          rows[s][sizes[s]++] = r;
        }
      }
      for (int s = 0; s < rows.length; s++) {
        if (rows[s].length > 0) {
          ready.add(new Tuple2<>(s, piece(raw, rows[s], ranks)));
        }
      }
      firstRow += n;
    }

    private Piece piece(RawBlock raw, int[] rows, int[] ranks) {
      Block block = encoder.encode(raw, rows);
      int[] positions = new int[rows.length];
      long[] keys = raw.idHashes().length > 0 ? raw.idHashes() : raw.contentHashes();
      int[] repeated = plan.repeatedRows[partition];
      for (int i = 0; i < rows.length; i++) {
        int row = firstRow + rows[i];
        positions[i] = dealing.positionOf(ranks[row]);
        int at = repeated.length == 0 ? -1 : Arrays.binarySearch(repeated, row);
        block.rowKeys()[i] =
            RowPlan.rowKey(keys[rows[i]], at < 0 ? 0 : plan.repetitions[partition][at]);
      }
      return new Piece(positions, block);
    }
  }
}
