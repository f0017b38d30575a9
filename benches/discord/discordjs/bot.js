// What the bench compares with: a discord.js bot that answers npm's E-codes with a reply, found by one regular expression, and keeps
// a row for each in SQLite. Everything it needs comes from the environment.
const { Client, EmbedBuilder, Events, GatewayIntentBits } = require('discord.js');
const Database = require('better-sqlite3');

const db = new Database(process.env.BENCH_DATABASE);
db.pragma('journal_mode = WAL');
// As npmfix does: what was met is on the disk before it is answered.
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE IF NOT EXISTS met (guild TEXT, channel TEXT, message TEXT, code TEXT, UNIQUE (guild, channel, message))');
const insert = db.prepare('INSERT OR IGNORE INTO met VALUES (?, ?, ?, ?)');

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent],
  rest: { api: `${process.env.DISCORD_API_URL}/api`, globalRequestsPerSecond: 1000000 },
  allowedMentions: { parse: [], repliedUser: false },
});

const FAILURE = /npm (?:ERR!|error) code (E40[0-9])/;

client.on(Events.MessageCreate, async (message) => {
  if (message.author.bot) return;
  const found = FAILURE.exec(message.content);
  if (!found) return;
  if (insert.run(message.guildId, message.channelId, message.id, found[1]).changes === 0) return;
  const embed = new EmbedBuilder()
    .setTitle(`The registry wants a valid login (${found[1]})`)
    .setDescription('Log in again: `npm login`');
  await message.reply({ embeds: [embed], failIfNotExists: false });
});

client.login(process.env.DISCORD_TOKEN);
