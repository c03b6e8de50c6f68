package dev.bellows.jobs.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.source.RawBlock;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.junit.jupiter.api.Test;
import scala.reflect.ClassTag$;

/** Blocks through both serializers of Spark; Kryo with registration required. */
class SerializationTest {
  private static Block block(int rows) {
    Block b = new Block(rows, 3, 2, 1);
    for (int i = 0; i < rows * 3; i++) {
      b.numeric()[i] = i % 7 == 0 ? Float.NaN : i * 0.5f;
    }
    for (int i = 0; i < rows; i++) {
      b.pixels()[2 * i] = (byte) i;
      b.codes()[i] = i - 1;
      b.rowKeys()[i] = i * 0x9E3779B97F4A7C15L;
    }
    b.setSparse(new int[rows + 1], new int[0], new float[0]);
    b.setLabels(new int[rows]);
    b.setTarget(new float[rows]);
    b.setWeights(new float[rows]);
    b.setFolds(new byte[rows]);
    return b;
  }

  @Test
  void kryo_with_registration_required() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.kryo.registrationRequired", "true")
            .set("spark.kryo.registrator", BellowsKryoRegistrator.class.getName());
    SerializerInstance kryo = new KryoSerializer(conf).newInstance();
    for (int rows : new int[] {0, 1, 5, 40_000}) {
      DataShard shard = new DataShard(3, block(rows));
      DataShard copy =
          kryo.deserialize(
              kryo.serialize(shard, ClassTag$.MODULE$.apply(DataShard.class)),
              ClassTag$.MODULE$.apply(DataShard.class));
      assertThat(copy.id()).isEqualTo(3);
      assertThat(copy.block()).isEqualTo(shard.block());
    }
    for (Object o :
        List.of(
            new Piece(new int[] {1}, block(1)),
            new RowKeys(),
            new RowPlan(),
            new RawBlock(),
            new Object[] {new RowKeys()},
            new DataShard[0])) {
      assertThat(kryo.serialize(o, ClassTag$.MODULE$.Any()).remaining()).isPositive();
    }
  }

  @Test
  void java_serialization() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new DataShard(1, block(100)));
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(((DataShard) in.readObject()).block()).isEqualTo(block(100));
    }
  }
}
