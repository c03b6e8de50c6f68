package dev.bellows.jobs.study;

import dev.bellows.jobs.block.Block;
import dev.bellows.jobs.block.DataShard;
import java.lang.ref.SoftReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.storage.BlockResult;
import org.apache.spark.storage.RDDBlockId;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * The rows of a study in this process, once for all its tasks: Spark's cached block itself where it
 * lies here, else one copy that is fetched from the executor that has it.
 */
final class SharedBlock {
  private static final ClassTag<DataShard> TYPE = ClassTag$.MODULE$.apply(DataShard.class);
  private static final Map<String, SoftReference<Block>> SHARED = new ConcurrentHashMap<>();

  private SharedBlock() {}

  /** Said when the block is nowhere: it has to be made again, which no unit is to blame for. */
  static final class Lost extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Lost(int rdd) {
      super("the rows of the study (cached RDD " + rdd + ") are on no executor any more");
    }
  }

  /**
   * The rows.
   *
   * @param application id of the Spark application
   * @param rdd id of the cached data, one partition with one shard
   * @throws Lost when no executor has it
   */
  static Block get(String application, int rdd) {
    String key = application + "/" + rdd;
    Block known = known(key);
    if (known != null) {
      return known;
    }
    synchronized (SHARED) {
      Block block = known(key);
      if (block == null) {
        block = fetch(rdd);
        SHARED.values().removeIf(reference -> reference.get() == null);
        SHARED.put(key, new SoftReference<>(block));
      }
      return block;
    }
  }

  private static @Nullable Block known(String key) {
    SoftReference<Block> reference = SHARED.get(key);
    return reference == null ? null : reference.get();
  }

  private static Block fetch(int rdd) {
    Option<BlockResult> found = SparkEnv.get().blockManager().get(new RDDBlockId(rdd, 0), TYPE);
    if (found.isEmpty()) {
      throw new Lost(rdd);
    }
    Iterator<?> data = found.get().data();
    Block block = ((DataShard) data.next()).block();
    while (data.hasNext()) { // the end gives the lock of the block back
      data.next();
    }
    return block;
  }
}
