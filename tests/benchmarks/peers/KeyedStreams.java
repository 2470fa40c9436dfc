import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * A Kafka Streams job that remembers when each device was last seen, in RocksDB with a changelog.
 *
 * <p>java KeyedStreams BOOTSTRAP TOPIC MESSAGES STATE_FOLDER
 */
public final class KeyedStreams {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static long seen;
    private static long started;
    private static long cpu;

    public static void main(String[] arguments) throws Exception {
        long messages = Long.parseLong(arguments[2]);
        CountDownLatch done = new CountDownLatch(1);
        var store = Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore("last-seen"), Serdes.String(), Serdes.Long())
                .withCachingEnabled()
                .withLoggingEnabled(Map.of());
        Topology topology = new Topology()
                .addSource("heartbeats", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), arguments[1])
                .addProcessor("remember", () -> new Remember(messages, done), "heartbeats")
                .addStateStore(store, "remember");
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "keyed-streams-" + UUID.randomUUID());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[3]);
        settings.put("auto.offset.reset", "earliest");
        KafkaStreams streams = new KafkaStreams(topology, settings);
        streams.start();
        done.await();
        double seconds = (System.nanoTime() - started) / 1e9;
        double cpuSeconds = (processorTime() - cpu) / 1e9;
        System.out.printf(
                "{\"messages\": %d, \"seconds\": %.3f, \"cpu_seconds\": %.3f, \"settings\": {\"kafka-streams\": \"%s\", \"java\": \"%s\", "
                        + "\"state\": \"RocksDB with a changelog topic, cached\", \"threads\": 1, "
                        + "\"everything else\": \"its default\"}}%n",
                messages, seconds, cpuSeconds, AppInfoParser.getVersion(), Runtime.version());
        System.out.flush();
        streams.close(Duration.ofSeconds(5));
        System.exit(0);
    }

    /** Of the whole process, in ns. */
    private static long processorTime() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    /** Reads the value as a tree, as a job does that is not written for one schema alone. One thread runs it. */
    private static final class Remember implements Processor<String, byte[], Void, Void> {
        private final long messages;
        private final CountDownLatch done;
        private KeyValueStore<String, Long> lastSeen;

        Remember(long messages, CountDownLatch done) {
            this.messages = messages;
            this.done = done;
        }

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            lastSeen = context.getStateStore("last-seen");
        }

        @Override
        public void process(Record<String, byte[]> record) {
            if (seen == 0) {
                started = System.nanoTime();
                cpu = processorTime();
            }
            try {
                JsonNode value = JSON.readTree(record.value());
                if (value.has("device_id")) {
                    long at = Instant.parse(value.get("occurred_at").asText()).toEpochMilli();
                    lastSeen.put(value.get("device_id").asText(), at);
                }
            } catch (java.io.IOException problem) {
                throw new java.io.UncheckedIOException(problem);
            }
            if (++seen == messages) {
                done.countDown();
            }
        }
    }
}
