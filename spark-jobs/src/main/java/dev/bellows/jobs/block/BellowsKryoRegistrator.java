package dev.bellows.jobs.block;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.serializers.ExternalizableSerializer;
import dev.bellows.jobs.source.RawBlock;
import dev.bellows.jobs.table.TableStats;
import org.apache.spark.serializer.KryoRegistrator;

/**
 * Registers what our jobs cache, shuffle and collect, so that Kryo may run with {@code
 * spark.kryo.registrationRequired}.
 */
public final class BellowsKryoRegistrator implements KryoRegistrator {
  @Override
  public void registerClasses(Kryo kryo) {
    kryo.register(Block.class, new ExternalizableSerializer());
    kryo.register(DataShard.class, new ExternalizableSerializer());
    kryo.register(DataShard[].class);
    kryo.register(Piece.class, new ExternalizableSerializer());
    kryo.register(RawBlock.class, new ExternalizableSerializer());
    kryo.register(RawBlock[].class);
    kryo.register(RowKeys.class, new ExternalizableSerializer());
    kryo.register(RowKeys[].class);
    kryo.register(RowPlan.class, new ExternalizableSerializer());
    for (Class<?> type : TableStats.kryoClasses()) {
      kryo.register(type, new ExternalizableSerializer());
    }
    kryo.register(float[].class);
    kryo.register(double[].class);
    kryo.register(int[].class);
    kryo.register(long[].class);
    kryo.register(long[][].class);
    kryo.register(byte[].class);
    kryo.register(String[].class);
    kryo.register(String[][].class);
    kryo.register(Object[].class);
  }
}
