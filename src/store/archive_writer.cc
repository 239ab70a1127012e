// Rows are gathered in stretches. A thread behind puts them in the order of their subscriptions (a
// device's regular reports then shrink to almost nothing), parts them into row groups of few
// subscriptions and writes those column by column, while the next stretch is gathered.
#include <algorithm>
#include <bit>
#include <cstring>
#include <future>
#include <mutex>
#include <ranges>

#include "base/stages.h"
#include "store/archive.h"
#include "store/behind.h"
#include "store/files.h"
#include "store/group_writer.h"
#include "store/parquet_writer.h"

namespace farthing::store {

namespace {

constexpr std::size_t kGatheredRows = 128 * 1024;  // a column of them fits in the second cache
constexpr std::size_t kGatheredMax = kGatheredRows + kChunkRecordsMax;
constexpr std::size_t kReserveFrom = 8 * 1024;  // rows of a chunk that more will follow
constexpr std::size_t kSuspendedBytesMax = 16 << 20;

// Appends the rows `keep` of a column, or all of it.
template <class To, class From>
void take(std::vector<To>& to, const std::vector<From>& from,
          const std::vector<std::uint32_t>& keep, bool all) {
    if (all) {
        const auto numbers = from | std::views::transform(number_of<From>);
        to.insert(to.end(), numbers.begin(), numbers.end());
        return;
    }
    const auto numbers =
        keep | std::views::transform([&](std::uint32_t row) { return number_of(from[row]); });
    to.insert(to.end(), numbers.begin(), numbers.end());
}

// Room for a whole stretch, so that gathering moves nothing.
template <class... Columns>
void reserve_stretch(Columns&... columns) {
    (columns.reserve(kGatheredMax), ...);
}

// As people write it in hexadecimal: the high half first, most significant byte first.
class HashBytes {
  public:
    explicit HashBytes(Hash128 hash) {
        const bool swapped = std::endian::native == std::endian::little;
        const std::uint64_t halves[] = {swapped ? std::byteswap(hash.high) : hash.high,
                                        swapped ? std::byteswap(hash.low) : hash.low};
        static_assert(sizeof halves == sizeof bytes_);
        std::memcpy(bytes_, halves, sizeof bytes_);
    }
    std::string_view text() const { return {bytes_, sizeof bytes_}; }

  private:
    char bytes_[16];
};

struct UsageRows {
    std::vector<std::int64_t> row, line, start, end, quantity, reading_1, reading_2;
    std::vector<std::int64_t> counted;  // empty while nothing was counted before
    std::vector<std::uint32_t> source, subscription, network;
    std::vector<BatchId> batch;  // of rows of earlier batches; else empty
    std::vector<std::uint16_t> meter;
    std::vector<std::uint8_t> outcome, reason, last_part, unanswered;
    std::vector<std::int64_t> parts;
    std::vector<std::uint64_t> digest;
    Texts called, calling, id, session, key, carrier, identity;

    std::size_t size() const { return row.size(); }
    void clear() {
        for (auto* column :
             {&row, &line, &start, &end, &quantity, &reading_1, &reading_2, &counted})
            column->clear();
        for (auto* column : {&source, &subscription, &network}) column->clear();
        batch.clear();
        meter.clear();
        for (auto* column : {&outcome, &reason, &last_part, &unanswered}) column->clear();
        parts.clear();
        digest.clear();
        for (auto* column : {&called, &calling, &id, &session, &key, &carrier, &identity})
            column->clear();
    }
    void add(const UsageChunk& chunk, std::int64_t first_row,
             const std::vector<std::uint32_t>& keep, BatchId of) {
        const bool all = keep.size() == chunk.size();
        const std::size_t old = row.size();
        if (old == 0 && keep.size() >= kReserveFrom) reserve();
        const auto rows =
            keep | std::views::transform([&](std::int64_t at) { return first_row + at; });
        row.insert(row.end(), rows.begin(), rows.end());
        source.resize(row.size(), chunk.source.value);
        take(line, chunk.line, keep, all);
        take(subscription, chunk.subscription, keep, all);
        take(meter, chunk.meter, keep, all);
        take(start, chunk.start, keep, all);
        take(end, chunk.end, keep, all);
        take(quantity, chunk.quantity, keep, all);
        take(network, chunk.network, keep, all);
        take(reading_1, chunk.reading[0], keep, all);
        take(reading_2, chunk.reading[1], keep, all);
        take(outcome, chunk.outcome, keep, all);
        take(reason, chunk.reason, keep, all);
        for (std::size_t i = 0; i < keep.size(); ++i) {
            called.add(old + i, chunk.called[keep[i]]);
            calling.add(old + i, chunk.calling[keep[i]]);
            id.add(old + i, chunk.id[keep[i]]);
        }
        if (of) batch.resize(row.size(), of);
        if (chunk.tells_counted) counted.resize(old, 0), take(counted, chunk.counted, keep, all);
        if (!counted.empty()) counted.resize(row.size(), 0);
        last_part.resize(row.size(), 0);
        if (chunk.in_parts) add_parts(chunk, keep, old);
        unanswered.resize(row.size(), 0);
        for (std::size_t i = 0; i < keep.size() && chunk.tells_answer; ++i)
            unanswered[old + i] = chunk.unanswered[keep[i]];
        for (std::size_t i = 0; i < keep.size() && chunk.keeps_key; ++i)
            key.add(old + i, HashBytes(chunk.key[keep[i]]).text());
        for (std::size_t i = 0; i < keep.size() && chunk.tells_carrier; ++i)
            carrier.add(old + i, chunk.carrier[keep[i]]);
        if (chunk.keeps_identity || chunk.tells_further) add_identities(chunk, keep, old);
        if (chunk.tells_parts) add_windows(chunk, keep, old);
    }
    // They stay empty while no record stands for others, and short while those at the end do not.
    void add_windows(const UsageChunk& chunk, const std::vector<std::uint32_t>& keep,
                     std::size_t old) {
        parts.resize(row.size(), 0);
        digest.resize(row.size(), 0);
        for (std::size_t i = 0; i < keep.size(); ++i) {
            parts[old + i] = chunk.parts[keep[i]];
            digest[old + i] = chunk.digest[keep[i]];
        }
    }
    void add_identities(const UsageChunk& chunk, const std::vector<std::uint32_t>& keep,
                        std::size_t old) {
        std::string whose;
        for (std::size_t i = 0; i < keep.size(); ++i) {
            if (!chunk.keeps_identity_of(keep[i])) continue;
            whose.assign(name_of(chunk.identity_kind[keep[i]]));
            whose.append(" ").append(chunk.identity[keep[i]]);
            identity.add(old + i, whose);
        }
    }
    void reserve() {
        reserve_stretch(row, line, start, end, quantity, reading_1, reading_2, source, subscription,
                        network, meter, outcome, reason, last_part, unanswered);
    }
    void add_parts(const UsageChunk& chunk, const std::vector<std::uint32_t>& keep,
                   std::size_t old) {
        for (std::size_t i = 0; i < keep.size(); ++i) {
            last_part[old + i] = chunk.last_part[keep[i]];
            if (chunk.session[keep[i]] != Hash128{})
                session.add(old + i, HashBytes(chunk.session[keep[i]]).text());
        }
    }
    // A column of which the rest is 0.
    template <class T>
    std::vector<T> whole(std::vector<T> column) const {
        if (!column.empty()) column.resize(size());
        return column;
    }
    Result<void> write(ParquetWriter& writer, BatchId own) const {
        const std::vector<std::uint32_t> order = stable_order(subscription);
        const std::vector<std::int64_t> all_parts = whole(parts);
        const std::vector<std::uint64_t> all_digests = whole(digest);
        GroupWriter group(writer, size(), order, groups_of(subscription, order));
        while (group.next()) {
            group.or_constant(batch, own)(row)(source)(line)(subscription)(meter)(start)(end);
            group(quantity)(network)(called)(calling)(id)(reading_1)(reading_2)(outcome)(reason);
            group(session)(last_part)(unanswered)(key)(carrier)(identity);
            group.or_constant(all_parts).or_constant(all_digests).or_constant(counted);
        }
        return group.done();
    }
};

// The rater writes into the columns itself; what is added is whose each row is.
struct RatedRows {
    RatedChunk rated;
    std::vector<std::int64_t> row;
    std::vector<BatchId> record_batch;  // of rows of earlier batches; else empty
    std::vector<std::uint8_t> taken_back;
    bool of_earlier = false;  // rows of earlier batches: `record_batch` is theirs

    std::size_t size() const { return row.size(); }
    void clear() {
        rated.clear();
        row.clear();
        record_batch.clear();
        taken_back.clear();
        of_earlier = false;
    }
    // The rows that were rated since the last call. Those of corrections name their records; others
    // are of the chunk's.
    void add(const UsageChunk& usage, std::int64_t first_row, BatchId own, BatchId of) {
        const std::size_t old = size();
        const BatchId batch = of ? of : own;
        const bool named = of || !rated.record.empty() || !record_batch.empty();
        if (named) record_batch.resize(old, own);
        for (const RecordRef& record : rated.record) {
            row.push_back(record.row);
            record_batch.push_back(record.row < 0 ? batch : record.batch);
        }
        taken_back.insert(taken_back.end(), rated.taken_back.begin(), rated.taken_back.end());
        rated.record.clear();
        rated.taken_back.clear();
        const std::size_t first = size();  // of the chunk's
        if (first == old) row.resize(rated.size());
        FARTHING_ASSERT(size() == rated.size());
        for (std::size_t i = first; i < size(); ++i)
            row[i] = rated.row[i] < usage.size() ? first_row + rated.row[i] : -1;
        if (named) record_batch.resize(size(), batch);
        taken_back.resize(size(), 0);
    }
    Texts days() const {
        Texts texts;
        std::string text;
        for (std::size_t i = 0; i < rated.days.size(); ++i) {
            const auto& [of, part] = rated.days[i];
            if (!text.empty()) text += ',';
            text += std::to_string(part.day) + ':' + std::to_string(part.billable);
            if (i + 1 < rated.days.size() && rated.days[i + 1].first == of) continue;
            texts.add(of, text);
            text.clear();
        }
        return texts;
    }
    Result<void> write(ParquetWriter& writer, BatchId batch, Currency currency) const {
        const std::vector<std::uint32_t> order = stable_order(rated.subscription);
        const Texts by_day = days();
        GroupWriter group(writer, size(), order, groups_of(rated.subscription, order));
        while (group.next()) {
            if (of_earlier) {
                group(record_batch);
            } else {
                group.constant(batch);
            }
            group(row)(rated.perspective)(rated.subscription)(rated.payer)(rated.component);
            group(rated.version)(rated.owner_kind)(rated.owner)(rated.item)(rated.window_first);
            group(rated.window_end)(rated.segment_start)(rated.when)(rated.billable)(rated.from);
            group(rated.to)(rated.charge_atoms)(rated.fee_atoms).constant(currency.numeric());
            group(rated.below)(rated.below_quantity)(rated.fees);
            group.or_constant(record_batch, batch)(by_day)(taken_back);
        }
        return group.done();
    }
};

struct SuspendedRows {
    std::vector<std::int64_t> line;
    std::vector<std::uint32_t> group, source;
    Texts raw;
    std::size_t bytes = 0;

    std::size_t size() const { return line.size(); }
    void clear() {
        line.clear();
        for (auto* column : {&group, &source}) column->clear();
        raw.clear();
        bytes = 0;
    }
    void add(const UsageChunk& chunk, std::size_t index, std::uint32_t in_group) {
        raw.add(size(), chunk.raw[index]);
        bytes += chunk.raw[index].size();
        line.push_back(chunk.line[index]);
        group.push_back(in_group);
        source.push_back(chunk.source.value);
    }
    Result<void> write(ParquetWriter& writer, BatchId batch) const {
        const std::vector<std::uint32_t> as_it_came;
        GroupWriter out(writer, size(), as_it_came);
        while (out.next()) out.constant(batch)(group)(source)(line)(raw);
        return out.done();
    }
};

struct WithdrawnRows {
    std::vector<std::int64_t> row, line;
    std::vector<BatchId> record_batch;
    std::vector<std::uint32_t> source, subscription;
    std::vector<std::uint8_t> again;

    std::size_t size() const { return row.size(); }
    void clear() { *this = {}; }
    void add(const WithdrawnRow& one) {
        record_batch.push_back(one.record.batch);
        row.push_back(one.record.row);
        source.push_back(one.source.value);
        line.push_back(one.line);
        subscription.push_back(one.subscription.value);
        again.push_back(one.again ? 1 : 0);
    }
    Result<void> write(ParquetWriter& writer, BatchId batch) const {
        const std::vector<std::uint32_t> order = stable_order(subscription);
        GroupWriter group(writer, size(), order);
        while (group.next())
            group.constant(batch)(record_batch)(row)(source)(line)(subscription)(again);
        return group.done();
    }
};

bool archived(Outcome outcome) {
    switch (outcome) {
        case Outcome::rated:
        case Outcome::zero_rated:
        case Outcome::aggregated:
        case Outcome::pending:
        case Outcome::open_partial:
        case Outcome::duplicate: return true;
        case Outcome::suspended:               // kept as it was received, in its own table
        case Outcome::filtered:                // its feed does not want it
        case Outcome::rejected: return false;  // the whole file was refused
    }
    return false;
}

}  // namespace

// The rows of one table: gathered here, written behind, and their room used again.
template <class Rows>
struct Gathered {
    Rows rows;
    std::optional<ParquetWriter> file;  // opened by its first rows
    std::mutex mutex;
    std::vector<Rows> spare;

    Rows take() {
        Rows full = std::move(rows);
        const std::lock_guard lock(mutex);
        rows = Rows();
        if (spare.empty()) return full;
        rows = std::move(spare.back());
        spare.pop_back();
        return full;
    }
    void give_back(Rows used) {
        used.clear();
        const std::lock_guard lock(mutex);
        spare.push_back(std::move(used));
    }
};

struct ArchiveWriter::State {
    std::filesystem::path folder;
    BatchId batch;
    Currency currency;
    Gathered<UsageRows> usage;
    Gathered<RatedRows> rated;
    Gathered<SuspendedRows> suspended;
    Gathered<WithdrawnRows> withdrawn;
    std::vector<std::uint32_t> keep;
    Behind behind;  // last: it writes what stands above

    // Has the gathered rows written. What a small batch ends with is written at
    // once.
    template <class Rows, class... More>
    Result<void> flush(Gathered<Rows>& table, const ArchiveTable& about, bool last, More... more) {
        if (table.rows.size() == 0) return {};
        if (!table.file) {
            FARTHING_TRY(ParquetWriter opened, ParquetWriter::open(folder, about));
            table.file.emplace(std::move(opened));
        }
        if (last && !behind.started()) return table.rows.write(*table.file, batch, more...);
        return behind.order([&table, more..., batch = batch, rows = table.take()]() mutable {
            const Result<void> written = rows.write(*table.file, batch, more...);
            table.give_back(std::move(rows));
            return written;
        });
    }
    Result<void> flush_usage(bool last = false) { return flush(usage, kUsageTable, last); }
    Result<void> flush_rated(bool last = false) {
        return flush(rated, kRatedTable, last, currency);
    }
    Result<void> flush_suspended(bool last = false) {
        return flush(suspended, kSuspendedTable, last);
    }
    Result<void> flush_withdrawn(bool last = false) {
        return flush(withdrawn, kWithdrawnTable, last);
    }
};

ArchiveWriter::ArchiveWriter(std::filesystem::path folder, BatchId batch, Currency currency)
    : state_(std::make_unique<State>()) {
    state_->folder = std::move(folder);
    state_->batch = batch;
    state_->currency = currency;
}
ArchiveWriter::~ArchiveWriter() = default;

RatedChunk& ArchiveWriter::rated() {
    return state_->rated.rows.rated;
}

Result<void> ArchiveWriter::append(const UsageChunk& usage, std::int64_t first_row,
                                   std::span<const Waiting> waiting, BatchId of) {
    State& state = *state_;
    state.keep.clear();
    for (std::size_t i = 0; i < usage.size(); ++i) {
        if (archived(usage.outcome[i])) state.keep.push_back(static_cast<std::uint32_t>(i));
    }
    SuspendedRows& suspended = state.suspended.rows;
    for (const Waiting& one : waiting) suspended.add(usage, one.row, one.group);
    state.usage.rows.add(usage, first_row, state.keep, of);
    state.rated.rows.add(usage, first_row, state.batch, of);
    state.rated.rows.of_earlier = bool(of);
    if (state.usage.rows.size() >= kGatheredRows) FARTHING_CHECK(state.flush_usage());
    if (state.rated.rows.size() >= kGatheredRows) FARTHING_CHECK(state.flush_rated());
    const bool full = suspended.size() >= kGatheredRows || suspended.bytes >= kSuspendedBytesMax;
    if (full) FARTHING_CHECK(state.flush_suspended());
    return {};
}

Result<void> ArchiveWriter::withdraw(const WithdrawnRow& row) {
    state_->withdrawn.rows.add(row);
    return state_->withdrawn.rows.size() >= kGatheredRows ? state_->flush_withdrawn()
                                                          : Result<void>();
}

Result<std::vector<ArchiveFile>> ArchiveWriter::finish() {
    State& state = *state_;
    FARTHING_CHECK(state.flush_usage(true));
    FARTHING_CHECK(state.flush_rated(true));
    FARTHING_CHECK(state.flush_suspended(true));
    FARTHING_CHECK(state.flush_withdrawn(true));
    FARTHING_CHECK(state.behind.finish());
    // Each waits for the disk: all of them at once.
    std::vector<std::future<Result<ArchiveFile>>> finishing;
    for (std::optional<ParquetWriter>* file :
         {&state.usage.file, &state.rated.file, &state.suspended.file, &state.withdrawn.file}) {
        if (!*file) continue;
        finishing.push_back(std::async(std::launch::async, [file] { return (*file)->finish(); }));
    }
    std::vector<ArchiveFile> files;
    for (auto& one : finishing) {
        FARTHING_TRY(ArchiveFile finished, one.get());
        files.push_back(std::move(finished));
    }
    return files;
}

Result<ArchiveFile> write_blob(const std::filesystem::path& folder, const std::string& table,
                               const std::function<std::string_view()>& next) {
    FileWriter file;
    FARTHING_CHECK(file.create(folder / table));
    for (std::string_view bytes = next(); !bytes.empty();) {
        auto writing = std::async(std::launch::async, [&file, bytes] {
            const Timed timed(Stage::keys);
            return file.write(bytes);
        });
        bytes = next();
        FARTHING_CHECK(writing.get());
    }
    ArchiveFile result;
    FARTHING_TRY(result.hash, file.keep(""));
    result.table = table;
    result.path = table + "/" + result.hash;
    result.bytes = file.size();
    return result;
}

}  // namespace farthing::store
