package dev.bellows.jobs.train;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.serializers.ExternalizableSerializer;
import dev.bellows.jobs.evaluate.Scores;
import org.apache.spark.serializer.KryoRegistrator;

/** Registers what training tasks send back to the driver. */
public final class TrainKryoRegistrator implements KryoRegistrator {
  @Override
  public void registerClasses(Kryo kryo) {
    kryo.register(Scores.class, new ExternalizableSerializer());
    kryo.register(Scores[].class);
    kryo.register(long[].class);
    kryo.register(long[][].class);
    kryo.register(float[].class);
    kryo.register(float[][].class);
  }
}
